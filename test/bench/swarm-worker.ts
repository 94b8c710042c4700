/**
 * A process of the swarm's bench, as its parent sees it: a Node process that answers commands. Both sides of a transfer are
 * processes of their own, so that each has its own thread, its own memory and its own death. Leaves to the scripts
 * (swarm-node.ts, swarm-tls.ts) what a command does.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** A table of commands: what is asked, and what is answered. */
export type Commands = Readonly<
  Record<string, (options: never, told: ((progress: unknown) => void) | undefined) => unknown>
>

interface Asked {
  readonly id: number
  readonly command: string
  readonly options: never
  /** Whether anybody wants to hear how it goes on. */
  readonly isFollowed: boolean
}

interface Message {
  readonly id: number
  readonly answer?: unknown
  readonly error?: string
  readonly progress?: unknown
}

interface Waiting {
  readonly resolve: (answer: unknown) => void
  readonly reject: (error: Error) => void
  readonly onProgress: ((progress: never) => void) | undefined
}

type OptionsOf<C> = C extends (options: infer O, ...rest: never[]) => unknown ? O : never
type AnswerOf<C> = C extends (...options: never[]) => infer A ? Awaited<A> : never

export class Worker<C extends Commands> implements AsyncDisposable {
  readonly name: string
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, Waiting>()
  #next = 0

  /** Starts `script` of this folder. */
  constructor(name: string, script: string) {
    this.name = name
    this.#child = fork(join(import.meta.dirname, script), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    this.#child.on('message', ({ id, answer, error, progress }: Message) => {
      const waiting = this.#waiting.get(id)
      if (progress !== undefined) return waiting?.onProgress?.(progress as never)
      this.#waiting.delete(id)
      if (error === undefined) waiting?.resolve(answer)
      else waiting?.reject(new Error(`${name}: ${error}`))
    })
    this.#child.once('exit', (status, signal) => {
      for (const { reject } of this.#waiting.values())
        reject(new Error(`${name} ended (${signal ?? `exit ${status}`})`))
      this.#waiting.clear()
    })
  }

  /** @throws Error with what went wrong there, or when the process ends first. */
  async ask<K extends keyof C & string>(
    command: K,
    options: OptionsOf<C[K]>,
    onProgress?: (progress: never) => void,
  ): Promise<AnswerOf<C[K]>> {
    const id = this.#next++
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    this.#waiting.set(id, { resolve, reject, onProgress })
    this.#child.send({ id, command, options: options as object, isFollowed: onProgress !== undefined })
    return (await promise) as AnswerOf<C[K]>
  }

  /** Bytes resident now, and at the highest since the process started (Linux). */
  async memory(): Promise<{ readonly rss: number; readonly peak: number }> {
    const status = await readFile(`/proc/${this.#child.pid}/status`, 'utf8')
    const bytes = (field: string) =>
      1024 * Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1])
    return { rss: bytes('VmRSS'), peak: bytes('VmHWM') }
  }

  /** kill -9; resolves when the process is gone. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exited = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await exited
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
  }
}

/** The other side: answers the parent's commands until it goes away. */
export function answer(commands: Commands): void {
  process.on('message', async ({ id, command, options, isFollowed }: Asked) => {
    const send = (message: Message) => process.connected && process.send?.(message)
    try {
      const found = commands[command]
      if (found === undefined) throw new TypeError(`no command ${command}`)
      const told = isFollowed ? (progress: unknown) => send({ id, progress }) : undefined
      send({ id, answer: (await found(options, told)) ?? null })
    } catch (error) {
      send({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
    }
  })
  process.once('disconnect', () => process.exit(0))
}
