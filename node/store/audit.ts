/**
 * What left this node: `<home>/audit.jsonl`, for its user to read. One line a category, peer and span of time, with the
 * number of messages and their bytes; never what was in them. Whoever sends names the category (swarm/peer.ts); this
 * file sums up and writes. Nothing here is secret from the user's own disk: peers' ids, times and sizes.
 */
import { appendFile, readFile } from 'node:fs/promises'
import { errorCode } from './atomic-file.ts'

export interface AuditEntry {
  /** Milliseconds since 1970: the first and the last message counted here. */
  readonly from: number
  readonly to: number
  readonly category: string
  /** The peer it went to. */
  readonly peer: string
  readonly messages: number
  readonly bytes: number
}

/** How long messages are summed up before a line is written. */
const SPAN_MS = 60_000

export class AuditLog {
  readonly #path: string
  readonly #open = new Map<string, AuditEntry>()
  readonly #timer: NodeJS.Timeout
  #writing: Promise<void> = Promise.resolve()
  /** Lines that are not on disk yet; after a failure the next try begins with them. */
  #unwritten = ''
  #failure: unknown

  private constructor(path: string) {
    this.#path = path
    this.#timer = setInterval(() => this.#write(), SPAN_MS)
    this.#timer.unref()
  }

  /** The caller closes it. */
  static open(path: string): AuditLog {
    return new AuditLog(path)
  }

  record(
    { category, peer, bytes }: { category: string; peer: string; bytes: number },
    now = Date.now(),
  ): void {
    const key = `${category} ${peer}`
    const before = this.#open.get(key) ?? { from: now, to: now, category, peer, messages: 0, bytes: 0 }
    this.#open.set(key, { ...before, to: now, messages: before.messages + 1, bytes: before.bytes + bytes })
  }

  /** Writes what is still summed up. Throws what kept a line from being written. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    this.#write()
    await this.#writing
    if (this.#failure !== undefined) throw this.#failure
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #write(): void {
    // A line begins with its line break, so that one cut by a crash does not swallow the next.
    for (const entry of this.#open.values()) this.#unwritten += `\n${JSON.stringify(entry)}`
    this.#open.clear()
    this.#writing = this.#writing.then(() => this.#append())
  }

  /** Whoever closes is told of a failure; until then it must not end the process, nor keep later lines away. */
  async #append(): Promise<void> {
    const lines = this.#unwritten
    if (lines === '') return
    try {
      await appendFile(this.#path, lines, { mode: 0o600 })
      this.#unwritten = this.#unwritten.slice(lines.length)
      this.#failure = undefined
    } catch (error) {
      this.#failure = error
    }
  }
}

/** Oldest first; none where nothing was ever sent. A line cut by a crash, or damaged, is left out. */
export async function readAudit(path: string): Promise<AuditEntry[]> {
  const text = await readFile(path, 'utf8').catch(error => {
    if (errorCode(error) === 'ENOENT') return ''
    throw error
  })
  return text.split('\n').flatMap(line => {
    try {
      const entry: unknown = JSON.parse(line)
      return isEntry(entry) ? [entry] : []
    } catch {
      return []
    }
  })
}

function isEntry(value: unknown): value is AuditEntry {
  if (typeof value !== 'object' || value === null) return false
  const { from, to, category, peer, messages, bytes } = value as Readonly<Record<string, unknown>>
  return (
    [from, to, messages, bytes].every(Number.isSafeInteger) &&
    [category, peer].every(text => typeof text === 'string')
  )
}
