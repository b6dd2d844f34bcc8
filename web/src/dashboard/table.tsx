// A table that scrolls by itself where it is wider than the screen, and can be taken along as CSV.
import type { ComponentChildren } from 'preact';
import { Wide } from './act';

export interface Column<Row> {
  title: string;
  cell: (row: Row) => ComponentChildren;
  /** What the file says; without it what the cell says. */
  text?: (row: Row) => string | number;
  figure?: boolean;
}

interface Props<Row> {
  name: string;
  columns: Column<Row>[];
  rows: Row[];
  keyOf: (row: Row) => string;
  /** Narrow enough for a phone. */
  narrow?: boolean;
}

/** Quoted as RFC 4180 has it; what a spreadsheet would take for a formula is text. */
function field(value: unknown): string {
  const text = typeof value === 'string' && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value ?? '');
  return /[",\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
}

export function csv<Row>(columns: Column<Row>[], rows: Row[]): string {
  const lines = [columns.map((column) => field(column.title))];
  for (const row of rows) {
    lines.push(columns.map((column) => field(column.text ? column.text(row) : column.cell(row))));
  }
  return lines.map((line) => line.join(',')).join('\r\n') + '\r\n';
}

export function download(name: string, content: Blob) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

export function Table<Row>({ name, columns, rows, keyOf, narrow }: Props<Row>) {
  const table = (
    <table>
      <thead>
        <tr>
          {columns.map((column) => (
            <th key={column.title} scope="col" class={column.figure ? 'figure' : undefined}>{column.title}</th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={keyOf(row)}>
            {columns.map((column, index) =>
              index === 0 ? (
                <th key={column.title} scope="row">{column.cell(row)}</th>
              ) : (
                <td key={column.title} class={column.figure ? 'figure' : undefined}>{column.cell(row)}</td>
              ),
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
  const take = () => download(`${name}.csv`, new Blob([csv(columns, rows)], { type: 'text/csv' }));
  return (
    <>
      {narrow ? table : <Wide label={`Table of ${name}`}>{table}</Wide>}
      <button class="small take" onClick={take}>CSV<span class="said"> of {name}</span></button>
    </>
  );
}
