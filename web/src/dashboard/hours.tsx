// The hours of the week as a table whose cells are the darker the more happened: seven days from Monday on.
import { Wide } from './act';
import { csv, download } from './table';

const DAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];
const HOURS = Array.from({ length: 24 }, (_, hour) => hour);

export function Hours({ week }: { week: number[][] }) {
  const most = Math.max(...week.flat());
  const columns = [
    { title: 'Day', cell: (day: number) => DAYS[day] },
    ...HOURS.map((hour) => ({ title: `${hour}:00`, cell: (day: number) => week[day]![hour] })),
  ];
  const take = () => download('hours.csv', new Blob([csv(columns, week.map((_, day) => day))], { type: 'text/csv' }));
  return (
    <>
      <Wide label="Table of hours">
        <table class="heat">
          <thead>
            <tr>
              <th scope="col">Day</th>
              {HOURS.map((hour) => <th key={hour} scope="col" class="figure">{hour}</th>)}
            </tr>
          </thead>
          <tbody>
            {week.map((counts, day) => (
              <tr key={day}>
                <th scope="row">{DAYS[day]}</th>
                {counts.map((count, hour) => (
                  <td key={hour} class={`figure heat-${Math.ceil((5 * count) / most)}`}>{count}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </Wide>
      <button class="small take" onClick={take}>CSV<span class="said"> of hours</span></button>
    </>
  );
}
