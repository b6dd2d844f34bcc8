// How figures are written: rounded half up to one decimal, as every other surface does.
export function decimal(value: number): string {
  const tenths = Math.floor(Math.abs(value) * 10 + 0.5);
  return `${value < 0 && tenths > 0 ? '−' : ''}${Math.floor(tenths / 10)}.${tenths % 10}`;
}

export const signed = (value: number) => (value > -0.05 ? `+${decimal(value)}` : decimal(value));

/** A length of time in the unit that suits it. */
export function span(seconds: number): string {
  if (seconds < 3600) {
    return `${decimal(seconds / 60)} min`;
  }
  return seconds <= 86_400 ? `${decimal(seconds / 3600)} h` : `${decimal(seconds / 86_400)} d`;
}

export const words = (name: string) => name.replace(/_/g, ' ');

export function instant(iso: string, zone: string): string {
  return new Date(iso).toLocaleString('en-GB', { timeZone: zone, dateStyle: 'medium', timeStyle: 'short' });
}

/** An instant that the store keeps; '' for none. */
export const when = (at_ms: number, zone: string) => (at_ms > 0 ? instant(new Date(at_ms).toISOString(), zone) : '');
