// What stands in the place of something that is not there: it is coming, or why it is not.
import type { Reading } from './use';

export function State<T>({ reading }: { reading: Reading<T> }) {
  if (reading.problem) {
    return (
      <p class="problem" role="alert">
        {reading.value ? 'What stands here may be old. ' : ''}
        {reading.problem.message} <button onClick={reading.again}>Try again</button>
      </p>
    );
  }
  return reading.value ? null : (
    <p class="loading" role="status">
      Reading …
    </p>
  );
}
