// How the steps of onboarding go: how soon people complete them, who needed a recovery or the smaller version, and
// what they answered.
import type { EChartsCoreOption } from 'echarts/core';
import { useCallback } from 'preact/hooks';
import { Chart, type Colours } from './chart';
import { span, words } from './format';
import { State } from './state';
import { Table } from './table';
import { useReading } from './use';

interface Step {
  step: string;
  sent: number;
  completed: number;
  median_seconds: number | null;
  p90_seconds: number | null;
  times: { up_to_seconds: number | null; count: number }[];
  recoveries: number;
  smaller: number;
  skipped: number;
}

interface Answer {
  question: string;
  answer: string;
  people: number;
}

const title = (step: Step) => words(step.step) || 'a step that is no more';
const took = (seconds: number | null) => (seconds === null ? '–' : span(seconds));

function Times({ steps }: { steps: Step[] }) {
  const make = useCallback((colours: Colours): EChartsCoreOption => ({
    animation: false,
    grid: { left: 8, right: 16, top: 40, bottom: 8, containLabel: true },
    legend: { top: 0, textStyle: { color: colours.ink } },
    tooltip: {
      trigger: 'axis', renderMode: 'richText', backgroundColor: colours.panel, borderColor: colours.line,
      textStyle: { color: colours.ink },
    },
    xAxis: {
      type: 'category', axisLabel: { color: colours.ink }, axisLine: { lineStyle: { color: colours.line } },
      data: steps[0]!.times.map(({ up_to_seconds: end }) => (end === null ? 'later' : `≤ ${span(end).replace('.0 ', ' ')}`)),
    },
    yAxis: {
      type: 'value', name: '% of completions', nameTextStyle: { color: colours.ink },
      axisLabel: { color: colours.ink }, splitLine: { lineStyle: { color: colours.line } },
    },
    series: steps.map((step) => ({
      type: 'line', name: title(step),
      data: step.times.map(({ count }) => (step.completed > 0 ? (100 * count) / step.completed : null)),
    })),
  }), [steps]);
  return <Chart name="answer times" make={make} />;
}

/** query: which people, as the API takes it: "?set=…" or ''. */
export function Steps({ leave, query }: { leave: () => void; query: string }) {
  const reading = useReading<{ steps: Step[]; answers: Answer[] }>(`/api/onboarding/steps${query}`, leave);
  const value = reading.value;
  return (
    <>
      <section class="panel wide tall" aria-labelledby="steps">
        <h2 id="steps">How the steps go</h2>
        <State reading={reading} />
        {value && value.steps.length === 0 ? <p class="empty">No step of the optimized onboarding was sent yet.</p> : null}
        {value && value.steps.length > 0 ? (
          <>
            <Times steps={value.steps} />
            <Table
              name="steps" rows={value.steps} keyOf={(step) => step.step}
              columns={[
                { title: 'Step', cell: title },
                { title: 'Sent', figure: true, cell: (step) => step.sent },
                { title: 'Completed', figure: true, cell: (step) => step.completed },
                { title: 'Half within', figure: true, cell: (step) => took(step.median_seconds) },
                { title: 'Nine of ten within', figure: true, cell: (step) => took(step.p90_seconds) },
                { title: 'Reminded', figure: true, cell: (step) => step.recoveries },
                { title: 'Made smaller', figure: true, cell: (step) => step.smaller },
                { title: 'Skipped', figure: true, cell: (step) => step.skipped },
              ]}
            />
          </>
        ) : null}
      </section>
      <section class="panel" aria-labelledby="answers">
        <h2 id="answers">What people answered</h2>
        <State reading={reading} />
        {value && value.answers.length === 0 ? <p class="empty">Nobody has answered a question yet.</p> : null}
        {value && value.answers.length > 0 ? (
          <Table
            name="answers" rows={value.answers} keyOf={(answer) => `${answer.question} ${answer.answer}`}
            columns={[
              { title: 'Question', cell: (answer) => words(answer.question) },
              { title: 'Answer', cell: (answer) => answer.answer },
              { title: 'People', figure: true, cell: (answer) => answer.people },
            ]}
          />
        ) : null}
      </section>
    </>
  );
}
