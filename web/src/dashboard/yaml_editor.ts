// An editor for definitions, by CodeMirror. It lives in a shadow root, whose style sheets the page's policy allows
// without exceptions.
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import { yaml } from '@codemirror/lang-yaml';
import { bracketMatching, HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import { lintGutter, setDiagnostics, type Diagnostic } from '@codemirror/lint';
import { EditorState } from '@codemirror/state';
import { tags } from '@lezer/highlight';
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from '@codemirror/view';

export interface Mistake {
  file: string;
  line: number;
  column: number;
  text: string;
}

export interface YamlEditor {
  mark: (mistakes: Mistake[]) => void;
  /** Puts the cursor there and shows it. */
  show: (mistake: Mistake) => void;
  replace: (text: string) => void;
  free: () => void;
}

const look = EditorView.theme({
  '&': { color: 'var(--ink)', backgroundColor: 'var(--ground)', border: '1px solid var(--quiet)', borderRadius: '0.5rem', height: '30rem' },
  '.cm-scroller': { fontFamily: 'ui-monospace, monospace', fontSize: '0.9rem', lineHeight: '1.5' },
  '.cm-gutters': { color: 'var(--quiet)', backgroundColor: 'var(--panel)', borderRight: '1px solid var(--line)' },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'transparent' },
  '.cm-cursor': { borderLeftColor: 'var(--ink)' },
  '.cm-tooltip': { color: 'var(--ink)', backgroundColor: 'var(--panel)', border: '1px solid var(--quiet)' },
  '.cm-lint-marker-error': { content: 'none', borderRadius: '50%', backgroundColor: 'var(--warn)' },
  '.cm-lintRange-error': { backgroundImage: 'none', textDecoration: 'underline wavy var(--warn)' },
  '&.cm-focused': { outline: '3px solid var(--accent)' },
  '&.cm-focused .cm-selectionBackground, .cm-selectionBackground': { backgroundColor: 'var(--mine)' },
});

const colours = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: 'var(--accent)' },
  { tag: [tags.comment, tags.lineComment], color: 'var(--quiet)', fontStyle: 'italic' },
]);

/** Typing over a selection: a browser would keep its looks by an inline style, which the page's policy refuses. */
const typeOver = EditorView.domEventHandlers({
  beforeinput: (event, view) => {
    if (event.inputType !== 'insertText' || !event.data || event.isComposing || view.state.selection.main.empty) {
      return false;
    }
    view.dispatch(view.state.replaceSelection(event.data), { userEvent: 'input.type', scrollIntoView: true });
    event.preventDefault();
    return true;
  },
});

/** Tab indents; Escape and then Tab leaves, as CodeMirror has it for keyboards. */
export function openEditor(place: HTMLElement, text: string, label: string, changed: (text: string) => void): YamlEditor {
  const root = place.shadowRoot ?? place.attachShadow({ mode: 'open' });
  const view = new EditorView({
    root, parent: root,
    state: EditorState.create({
      doc: text,
      extensions: [
        lineNumbers(), history(), drawSelection(), highlightActiveLine(), bracketMatching(), lintGutter(), yaml(), look, typeOver,
        syntaxHighlighting(colours), EditorView.lineWrapping,
        keymap.of([...defaultKeymap, ...historyKeymap, indentWithTab]),
        EditorView.contentAttributes.of({ 'aria-label': label, tabindex: '0' }),
        EditorView.updateListener.of((update) => update.docChanged && changed(update.state.doc.toString())),
      ],
    }),
  });
  const spot = ({ line, column }: Mistake) => {
    const { from, to } = view.state.doc.line(Math.min(Math.max(line, 1), view.state.doc.lines));
    return { from: Math.min(from + Math.max(column - 1, 0), to), to };
  };
  const diagnostic = (mistake: Mistake): Diagnostic => ({ ...spot(mistake), severity: 'error', message: mistake.text });
  return {
    mark: (mistakes) => view.dispatch(setDiagnostics(view.state, mistakes.map(diagnostic))),
    show: (mistake) => {
      view.dispatch({ selection: { anchor: spot(mistake).from }, effects: EditorView.scrollIntoView(spot(mistake).from, { y: 'center' }) });
      view.focus();
    },
    replace: (whole) => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: whole } }),
    free: () => view.destroy(),
  };
}
