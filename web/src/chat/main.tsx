// The chat page: a conversation that survives reloads, lost connections and double taps.
import './chat.css';
import '../shared/look';
import { render } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { listen, openSession, readExport, readHistory, send, telegramLink, type Button, type Message, type Session } from './talk';
import { clockTime, gap, language, say } from './words';

const newId = () => crypto.getRandomValues(new Uint32Array(4)).join('-');

function saveFile(name: string, content: Blob) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

/** Adds or replaces by id, in order of time. */
function merged(old: Message[], fresh: Message[]): Message[] {
  const byId = new Map(old.map((message) => [message.id, message]));
  for (const message of fresh) {
    byId.set(message.id, message);
  }
  return [...byId.values()].sort((a, b) => a.at_ms - b.at_ms);
}

/** A choice added at the end is left out: it stands below, as an answer of one's own. */
const changed = (message: Message, html: string, buttons: Button[]): Message => ({
  ...message,
  html: html.startsWith(message.html ?? '') ? message.html : html,
  buttons,
});

function Bubble(props: {
  message: Message;
  live: boolean;
  onTap: (button: Button) => void;
  onRetry: () => void;
  onGrow: () => void;
}) {
  const { message } = props;
  return (
    <li class={`message appear${message.mine ? ' mine' : ''}${message.failed ? ' failed' : ''}`}>
      <span class="away">{message.mine ? say.you : say.bot}</span>
      {message.picture ? (
        <img src={message.picture} alt={message.picture_alt ?? ''} onLoad={props.onGrow} onError={props.onGrow} />
      ) : null}
      {message.mine ? (
        <span>{message.text}</span>
      ) : (
        // The server makes this HTML from Markdown with everything else escaped.
        <div dangerouslySetInnerHTML={{ __html: message.html ?? '' }} />
      )}
      {message.failed ? <button onClick={props.onRetry}>{say.failed}</button> : null}
      {message.buttons && message.buttons.length > 0 ? (
        <div class="buttons">
          {message.buttons.map((button) =>
            button.url ? (
              <a class="button" href={button.url} target="_blank" rel="noopener noreferrer">
                {button.text}
              </a>
            ) : (
              <button disabled={!props.live} onClick={() => props.onTap(button)}>
                {button.text}
              </button>
            ),
          )}
        </div>
      ) : null}
      <time dateTime={new Date(message.at_ms).toISOString()}>{clockTime(message.at_ms)}</time>
    </li>
  );
}

function Write(props: { onSend: (text: string) => void }) {
  const [text, setText] = useState('');
  const submit = () => {
    if (text.trim() !== '') {
      props.onSend(text.trim());
      setText('');
    }
  };
  return (
    <form
      class="write"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <label class="away" for="text">
        {say.write}
      </label>
      <textarea
        id="text"
        rows={1}
        placeholder={say.write}
        value={text}
        maxLength={4000}
        onInput={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
            event.preventDefault();
            submit();
          }
        }}
      />
      <button type="submit">{say.send}</button>
    </form>
  );
}

function Chat() {
  const [session, setSession] = useState<Session | null>(null);
  const [messages, setMessages] = useState<Message[]>([]);
  const [open, setOpen] = useState(true);
  const [loaded, setLoaded] = useState(false);
  const [toast, setToast] = useState('');
  const [link, setLink] = useState('');
  const log = useRef<HTMLDivElement>(null);
  // The server's clock may run fast (demonstration): what we write is stamped by its last message.
  const lastAt = useRef(0);

  const add = (fresh: Message[]) =>
    setMessages((old) => {
      const all = merged(old, fresh);
      lastAt.current = Math.max(lastAt.current, all[all.length - 1]?.at_ms ?? 0);
      return all;
    });
  const refresh = async () => {
    const history = await readHistory();
    lastAt.current = history.now_ms;
    setMessages((old) => merged(history.messages, old.filter((message) => message.failed)));
    setLoaded(true);
  };

  useEffect(() => {
    let close = () => {};
    void openSession().then((opened) => {
      setSession(opened);
      close = listen({
        message: (message) => add([message]),
        edit: (id, html, buttons) => setMessages((old) => old.map((m) => (m.id === id ? changed(m, html, buttons) : m))),
        tap: setToast,
        file: (name) => void readExport().then((file) => (file ? saveFile(name, file) : setToast(say.wait))),
        connected: (isOpen) => {
          setOpen(isOpen);
          if (isOpen) {
            void refresh();
          }
        },
      });
    });
    return () => close();
  }, []);
  // The newest message is in view, also when its picture comes later, unless the reader went up.
  const atEnd = useRef(true);
  const toEnd = () => log.current?.scrollTo({ top: log.current.scrollHeight });
  const lookAt = ({ scrollTop, clientHeight, scrollHeight }: HTMLElement) => {
    atEnd.current = scrollTop + clientHeight > scrollHeight - 40;
  };
  useEffect(() => {
    atEnd.current = true;
    toEnd();
  }, [messages]);
  useEffect(() => {
    if (toast !== '') {
      const timer = window.setTimeout(() => setToast(''), 4000);
      return () => window.clearTimeout(timer);
    }
    return undefined;
  }, [toast]);

  // A link says who opens it, and is good once and for a day: a new one when the first answer shows
  // that the visitor has become somebody, after a click, and when the page is looked at again.
  const answered = messages.some((message) => !message.mine);
  const renewLink = () => void telegramLink().then(setLink);
  useEffect(() => {
    if (!loaded) {
      return undefined;
    }
    const look = () => document.visibilityState === 'visible' && renewLink();
    renewLink();
    document.addEventListener('visibilitychange', look);
    return () => document.removeEventListener('visibilitychange', look);
  }, [loaded, answered]);

  const deliver = async (message: Message) => {
    add([{ ...message, failed: false }]);
    const status = await send({ id: message.id, text: message.text ?? '' });
    if (status !== 200) {
      add([{ ...message, failed: true }]);
      if (status === 429) {
        setToast(say.wait);
      }
    }
  };
  const write = (text: string) =>
    void deliver({ id: newId(), at_ms: lastAt.current, mine: true, text });
  // A tap reads like an answer of one's own; its buttons go at once, so that it cannot happen twice.
  const tap = async (message: Message, button: Button) => {
    const answer = { id: newId(), at_ms: lastAt.current, mine: true, text: button.text };
    add([{ ...message, buttons: [] }, answer]);
    const status = await send({ id: answer.id, token: button.token, text: button.text, message_id: message.id });
    if (status !== 200) {
      setMessages((old) => old.filter((m) => m.id !== answer.id).map((m) => (m.id === message.id ? message : m)));
      setToast(say.wait);
    }
  };

  const lastMine = messages.reduce((last, message, index) => (message.mine ? index : last), -1);
  return (
    <main class="chat">
      <header class="head">
        <h1>nudge</h1>
        {link ? (
          <a class="button" href={link} target="_blank" rel="noopener noreferrer" onClick={renewLink}>
            {say.telegram}
          </a>
        ) : null}
        <span class={`state${open ? '' : ' lost'}`} role="status">
          {open ? say.open : say.lost}
        </span>
      </header>
      {session?.demo ? <div class="hint">{say.demo}</div> : null}
      <div
        class="scroll"
        ref={log}
        tabIndex={0}
        aria-label={say.log}
        role="log"
        onScroll={(event) => lookAt(event.currentTarget)}
      >
        {loaded && messages.length === 0 ? (
          <div class="hello">
            <h2>{say.hello}</h2>
            <p>{say.invite}</p>
            <button onClick={() => write('/start')}>{say.start}</button>
          </div>
        ) : null}
        <ul class="log">
        {messages.map((message, index) => {
          const before = messages[index - 1];
          const span = before ? gap(message.at_ms - before.at_ms) : '';
          return (
            <>
              {span ? <li class="day">{span}</li> : null}
              <Bubble
                key={message.id}
                message={message}
                live={open && index > lastMine - 1}
                onTap={(button) => void tap(message, button)}
                onRetry={() => void deliver(message)}
                onGrow={() => atEnd.current && toEnd()}
              />
            </>
          );
        })}
        </ul>
      </div>
      <Write onSend={write} />
      {toast ? (
        <div class="toast" role="alert">
          {toast}
        </div>
      ) : null}
    </main>
  );
}

document.documentElement.lang = language;
document.title = `nudge · ${say.title}`;
const app = document.getElementById('app');
if (app) {
  render(<Chat />, app);
}
