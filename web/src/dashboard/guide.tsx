// The first steps of an installation: what is done, and how to do what is not. It goes when all is done, or when it is
// hidden on this browser.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Metrics, Rollout, Session } from './api';
import { useReading, type Reading } from './use';

const NAME = 'nudge-guide-hidden';

interface Step {
  done: boolean;
  title: string;
  how: JSX.Element;
}

function kept(): boolean {
  try {
    return localStorage.getItem(NAME) === 'yes';
  } catch {
    return false;
  }
}

function hide() {
  try {
    localStorage.setItem(NAME, 'yes');
  } catch {
    // Then it is back after a reload.
  }
}

function steps(session: Session, metrics: Metrics, rollout: Rollout, sending: string): Step[] {
  const chat = session.channels.includes('webchat');
  const telegram = session.channels.includes('telegram');
  return [
    {
      done: session.channels.length > 0, title: 'A channel by which people come',
      how: <>Set TELEGRAM_BOT_TOKEN to your bot's token, or WEBCHAT_ENABLED=on for a chat in the browser, and start nudge again.</>,
    },
    {
      done: sending === 'on', title: 'Messages go out',
      how: <>Sending is {sending === 'dry-run' ? 'a dry run: nothing leaves' : 'off: only replies leave'}. <a href="#/system">Switch it on</a> when you are ready.</>,
    },
    {
      done: metrics.total_users !== 0, title: 'The first person',
      how: <>Be it yourself: {telegram ? 'write /start to the bot' : ''}{telegram && chat ? ', or ' : ''}{chat ? <a href="/chat">open the chat</a> : null}{telegram || chat ? '.' : 'as soon as there is a channel.'}</>,
    },
    {
      done: rollout.started_at !== null, title: 'The rollout of the optimized journeys',
      how: <>Everybody new gets the original journeys until you <a href="#/rollout">start a plan</a>, or set a share.</>,
    },
  ];
}

export function Guide({ session, rollout, leave }: { session: Session; rollout: Reading<Rollout>; leave: () => void }) {
  const [hidden, setHidden] = useState(kept);
  const metrics = useReading<Metrics>('/api/metrics', leave).value;
  const sending = useReading<{ mode: string }>('/api/sending', leave).value;
  if (hidden || !session.may_act || !metrics || !sending || !rollout.value) {
    return null;
  }
  const list = steps(session, metrics, rollout.value, sending.mode);
  if (list.every((step) => step.done)) {
    return null;
  }
  return (
    <section class="panel" aria-labelledby="guide">
      <h2 id="guide">First steps</h2>
      <ol class="actions">
        {list.map((step) => (
          <li key={step.title} data-done={step.done}>
            <strong>{step.title}{step.done ? ' ✓' : ''}</strong><span class="said">{step.done ? ' (done)' : ' (to do)'}</span>
            {step.done ? null : <p>{step.how}</p>}
          </li>
        ))}
      </ol>
      <button class="small take" onClick={() => { hide(); setHidden(true); }}>Hide these steps</button>
    </section>
  );
}
