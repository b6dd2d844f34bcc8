// What the page itself says, in its languages; what the bot says comes from the server.
const words = {
  en: {
    title: 'Chat',
    hello: 'Hello!',
    invite: 'Small steps, one at a time. Say hello and see what happens.',
    start: 'Say hello',
    write: 'Write a message',
    send: 'Send',
    log: 'Conversation',
    open: 'connected',
    lost: 'connection lost, trying again',
    demo: 'A demonstration: time runs fast while nothing waits for you.',
    telegram: 'Continue in Telegram',
    you: 'You wrote',
    bot: 'nudge wrote',
    failed: 'Not sent. Press to try again.',
    wait: 'Please wait a moment and try again.',
    later: (span: string) => `${span} later`,
  },
  de: {
    title: 'Chat',
    hello: 'Hallo!',
    invite: 'Kleine Schritte, einer nach dem anderen. Sag Hallo und schau, was passiert.',
    start: 'Hallo sagen',
    write: 'Nachricht schreiben',
    send: 'Senden',
    log: 'Unterhaltung',
    open: 'verbunden',
    lost: 'Verbindung verloren, neuer Versuch läuft',
    demo: 'Eine Vorführung: Die Zeit läuft schnell, solange nichts auf dich wartet.',
    telegram: 'In Telegram weiter',
    you: 'Du schriebst',
    bot: 'nudge schrieb',
    failed: 'Nicht gesendet. Tippe für einen neuen Versuch.',
    wait: 'Bitte warte einen Moment und versuch es noch einmal.',
    later: (span: string) => `${span} später`,
  },
};

export type Words = (typeof words)['en'];
export const language: 'en' | 'de' = navigator.language.toLowerCase().startsWith('de') ? 'de' : 'en';
export const say: Words = words[language];

const unit = (value: number, name: 'minute' | 'hour' | 'day') =>
  new Intl.NumberFormat(language, { style: 'unit', unit: name, unitDisplay: 'long', maximumFractionDigits: 0 }).format(value);

/** "2 hours later" for a gap worth naming, else nothing. */
export function gap(ms: number): string {
  const minutes = ms / 60000;
  if (minutes < 45) {
    return '';
  }
  const hours = minutes / 60;
  return say.later(hours < 36 ? unit(Math.max(1, Math.round(hours)), 'hour') : unit(Math.round(hours / 24), 'day'));
}

export const clockTime = (ms: number) =>
  new Intl.DateTimeFormat(language, { hour: '2-digit', minute: '2-digit' }).format(ms);
