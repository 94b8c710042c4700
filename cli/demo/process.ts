/**
 * The demo's processes: real `oppu` commands, each its own process with its own home, as a person would run them.
 * A command's progress goes straight to this process's stderr; its result is the JSON that it prints last.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { extname } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { OppuError } from '../../protocol/errors.ts'

/** The command line itself: a TypeScript source in the repository, JavaScript in the published package. */
const MAIN = fileURLToPath(new URL(`../main${extname(import.meta.url)}`, import.meta.url))

/** How long a process may take to end after it was asked to, before it is killed. */
const STOP_TIMEOUT = 10_000

/** One participant of the demo: a name, a home folder and (for a node) the passphrase of its vault. */
export class Participant {
  readonly name: string
  readonly home: string
  readonly #passphrase: string | undefined
  readonly #signal: AbortSignal

  constructor(options: { name: string; home: string; passphrase?: string; signal: AbortSignal }) {
    this.name = options.name
    this.home = options.home
    this.#passphrase = options.passphrase
    this.#signal = options.signal
  }

  /** Runs one command to its end and returns the result it printed, its last line. @throws OppuError when it fails. */
  async run<Result>(...args: readonly string[]): Promise<Result> {
    const child = this.#spawn(args)
    let output = ''
    child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
    const [status] = (await once(child, 'close')) as [number | null]
    this.#signal.throwIfAborted()
    if (status !== 0) throw this.#failed(args, status)
    return JSON.parse(output.trimEnd().split('\n').at(-1)!) as Result
  }

  /** Starts a command that runs until it is stopped; resolves with the first result line it prints. */
  async start<Result>(...args: readonly string[]): Promise<{ result: Result; service: Service }> {
    const child = this.#spawn(args)
    const lines = createInterface({ input: child.stdout! })
    const ended = once(child, 'close').then(([status]) => {
      this.#signal.throwIfAborted()
      throw this.#failed(args, status as number | null)
    })
    ended.catch(() => {})
    const [line] = (await Promise.race([once(lines, 'line'), ended])) as [string]
    return { result: JSON.parse(line) as Result, service: new Service(child) }
  }

  #spawn(args: readonly string[]): ChildProcess {
    this.#signal.throwIfAborted()
    const env: NodeJS.ProcessEnv = { ...process.env, OPPU_HOME: this.home }
    if (this.#passphrase !== undefined) env.OPPU_PASSPHRASE = this.#passphrase
    const child = spawn(process.execPath, [MAIN, ...args, '--json'], {
      env,
      // The channel carries nothing: its end tells the child that this process is gone, however that came.
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    })
    // From a terminal Ctrl-C reaches the child by itself; a signal to this process alone is passed on.
    const interrupt = (): void => void child.kill('SIGINT')
    this.#signal.addEventListener('abort', interrupt, { once: true })
    child.once('close', () => this.#signal.removeEventListener('abort', interrupt))
    return child
  }

  #failed(args: readonly string[], status: number | null): OppuError {
    return new OppuError(
      'RUNTIME_FAILURE',
      `${this.name}'s \`oppu ${args.join(' ')}\` ended with status ${status ?? 'none (killed)'}`,
    )
  }
}

/** A running process that `stop` ends as Ctrl-C would. */
export class Service {
  readonly #child: ChildProcess

  constructor(child: ChildProcess) {
    this.#child = child
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const closed = once(this.#child, 'close')
    this.#child.kill('SIGINT')
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_TIMEOUT)
    await closed
    clearTimeout(timer)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }
}
