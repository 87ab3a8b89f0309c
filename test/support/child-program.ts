import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** What a program that ended left behind. */
export interface Outcome {
  code: number | null
  output: string
  errors: string
}

/** A program that runs. */
export interface Running {
  /** What the pattern of `startProgram` found. */
  found: string
  /** The lines of its standard output so far. */
  lines: string[]
  /** What it wrote to standard error so far, in pieces. */
  errors: string[]
  /** Writes a line to its standard input. @returns the next line of its output */
  ask (line: string): Promise<string>
  /** Ends it, and waits until it has ended. */
  stop (): Promise<void>
}

/** Where and with what a program runs. */
export interface ProgramOptions {
  cwd?: string
  /** Its whole environment; see `environment`. */
  env?: NodeJS.ProcessEnv
  /** How long it may take until it ends, or is ready. @default 60000 */
  timeoutMs?: number
}

const STOP_MS = 15_000
const running = new Set<ChildProcess>()

process.on('exit', () => running.forEach((child) => end(child, 'SIGKILL')))
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1))

/** The least that a program needs of our environment: no setting of ours that happens to stand there. */
export function environment (extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const { PATH, HOME, TMPDIR, LANG } = process.env
  return { PATH, HOME, TMPDIR, LANG, ...extra }
}

/** Runs a program to its end. @throws where it takes too long */
export async function runProgram (command: string, args: string[], options: ProgramOptions = {}): Promise<Outcome> {
  const child = launch(command, args, options)
  const [output, errors] = [collect(child.stdout), collect(child.stderr)]
  const code = await within(options, command, child, once(child, 'close').then(([code]: Array<number | null>) => code ?? null))
  return { code, output: output.join(''), errors: errors.join('') }
}

/**
 * Starts a program that goes on running.
 * @param ready what a line of its output says once it is ready; the first group is kept
 */
export async function startProgram (command: string, args: string[], ready: RegExp | null, options: ProgramOptions = {}): Promise<Running> {
  const child = launch(command, args, options)
  const errors = collect(child.stderr)
  const lines: string[] = []
  const reader = createInterface({ input: child.stdout })
  let closed = false
  let wake = () => {}
  let read = 0
  reader.on('line', (line) => {
    lines.push(line)
    wake()
  })
  reader.on('close', () => {
    closed = true
    wake()
  })

  async function nextLine (): Promise<string> {
    while (read === lines.length) {
      if (closed) throw new Error(`${command} ${args.join(' ')} ended: ${errors.join('') || lines.slice(-5).join('\n')}`)
      await new Promise<void>((resolve) => { wake = resolve })
    }
    return lines[read++] as string
  }

  async function find (pattern: RegExp): Promise<string> {
    while (true) {
      const match = pattern.exec(await nextLine())
      if (match !== null) return match[1] ?? match[0]
    }
  }

  return {
    found: ready === null ? '' : await within(options, command, child, find(ready)),
    lines,
    errors,
    async ask (line) {
      child.stdin.write(`${line}\n`)
      return await nextLine()
    },
    async stop () {
      if (!running.has(child)) return
      const ended = once(child, 'close')
      const late = setTimeout(() => end(child, 'SIGKILL'), STOP_MS)
      end(child, 'SIGTERM')
      await ended
      clearTimeout(late)
    }
  }
}

/** In a process group of its own, so that what it started ends with it. */
function launch (command: string, args: string[], { cwd, env = environment() }: ProgramOptions) {
  const child = spawn(command, args, { cwd, env, detached: true, stdio: 'pipe' })
  running.add(child)
  child.stdin.on('error', () => {})
  child.on('error', () => running.delete(child))
  child.on('close', () => running.delete(child))
  return child
}

async function within<T> ({ timeoutMs = 60_000 }: ProgramOptions, command: string, child: ChildProcess, result: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${command} took longer than ${timeoutMs} ms`)), timeoutMs)
  })
  try {
    return await Promise.race([result, late])
  } catch (error) {
    end(child, 'SIGKILL')
    throw error
  } finally {
    clearTimeout(timer)
  }
}

function end (child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined || !running.has(child)) return
  try {
    process.kill(-child.pid, signal)
  } catch {
    // It ended meanwhile.
  }
}

function collect (stream: NodeJS.ReadableStream): string[] {
  const chunks: string[] = []
  stream.setEncoding('utf8').on('data', (chunk: string) => chunks.push(chunk))
  return chunks
}
