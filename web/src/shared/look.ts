// Light, dark, or with high contrast: as the system asks, unless somebody chose otherwise on this browser.
export const LOOKS = ['system', 'light', 'dark', 'contrast'] as const;
export type Look = (typeof LOOKS)[number];

const NAME = 'nudge-look';
const contrast = matchMedia('(prefers-contrast: more)');
const dark = matchMedia('(prefers-color-scheme: dark)');
const listeners = new Set<() => void>();

let chosen: Look = kept();

/** What this browser keeps; some keep nothing. */
function kept(): Look {
  try {
    const name = localStorage.getItem(NAME);
    return LOOKS.find((each) => each === name) ?? 'system';
  } catch {
    return 'system';
  }
}

export const look = (): Look => chosen;

function apply() {
  const { dataset } = document.documentElement;
  dataset.scheme = chosen === 'light' || chosen === 'dark' ? chosen : 'system';
  dataset.contrast = chosen === 'contrast' || (chosen === 'system' && contrast.matches) ? 'more' : 'usual';
  listeners.forEach((listener) => listener());
}

export function choose(wanted: Look) {
  chosen = wanted;
  try {
    localStorage.setItem(NAME, wanted);
  } catch {
    // Then it holds until the page is left.
  }
  apply();
}

/** Is told when colours change; for what is painted by script. */
export function onLook(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

contrast.addEventListener('change', apply);
dark.addEventListener('change', apply);
addEventListener('storage', () => {
  chosen = kept(); // another tab chose
  apply();
});
apply();
