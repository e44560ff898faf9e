import type { Progress } from '../core/index.ts'
import type { Terminal } from './terminal.ts'

/** Progress that can end, which erases the status line. */
export interface ProgressView extends Progress {
  close(): void
}

const REDRAW_MS = 100
const PLAIN_LIVE_MS = 5000
const CLEAR_LINE = '\r\u001B[K'

/**
 * A status line that is redrawn on a terminal. Elsewhere it prints lines: each step once, live figures at most
 * every five seconds.
 */
export function createProgress(terminal: Terminal, monotonicMs: () => number): ProgressView {
  return terminal.isLive ? liveView(terminal, monotonicMs) : plainView(terminal, monotonicMs)
}

interface Step {
  readonly label: string
  readonly done: number
  readonly total: number
}

const stepText = ({ label, done, total }: Step): string =>
  total > 1 ? `${label} (${Math.min(done + 1, total)} of ${total})` : label

const figuresText = (figures: Readonly<Record<string, string>>): string =>
  Object.entries(figures)
    .map(([name, value]) => `${name} ${value}`)
    .join('  ')

function plainView(terminal: Terminal, monotonicMs: () => number): ProgressView {
  let last = ''
  let saidAtMs = -Infinity
  return {
    step(label, done, total) {
      const text = stepText({ label, done, total })
      if (text !== last) terminal.hint(text)
      last = text
    },
    note: (text) => terminal.hint(`note: ${text}`),
    live(figures) {
      const nowMs = monotonicMs()
      if (nowMs - saidAtMs < PLAIN_LIVE_MS) return
      saidAtMs = nowMs
      terminal.hint(`  ${figuresText(figures)}`)
    },
    close: () => undefined,
  }
}

function liveView(terminal: Terminal, monotonicMs: () => number): ProgressView {
  let step: Step = { label: '', done: 0, total: 0 }
  let figures = ''
  let drawnAtMs = -Infinity
  const draw = (): void => {
    const share = step.total > 1 ? bar(Math.min(1, step.done / step.total)) : ''
    const line = [share, stepText(step), figures].filter((part) => part !== '').join('  ')
    drawnAtMs = monotonicMs()
    terminal.draw(`${CLEAR_LINE}${line.slice(0, Math.max(0, terminal.columns - 1))}`)
  }
  return {
    step(label, done, total) {
      step = { label, done, total }
      draw()
    },
    note(text) {
      terminal.draw(`${CLEAR_LINE}note: ${text}\n`)
      draw()
    },
    live(now) {
      figures = figuresText(now)
      if (monotonicMs() - drawnAtMs >= REDRAW_MS) draw()
    },
    close: () => terminal.draw(CLEAR_LINE),
  }
}

const BAR_CELLS = 16

const bar = (share: number): string => {
  const full = Math.round(share * BAR_CELLS)
  return `${'█'.repeat(full)}${'░'.repeat(BAR_CELLS - full)}`
}
