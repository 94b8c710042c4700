/**
 * Reads and writes of files on the calling thread while they are quick, and by the runtime's pool while they are not. Of a
 * file in the system's cache, or on a disk that keeps up, 256 KiB take 50 to 100 µs; waking a thread of the pool for them
 * takes as long by itself, and a promise comes on top: a pull from file to file spent a third of its time so. One call
 * that was slow sends all of a while to the pool, so that a disk that cannot keep up holds up nobody else.
 */
import { readSync, writeSync } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { OppuError } from '../../protocol/errors.ts'

const SLOW_MS = 5
const POOL_MS = 1000

export class PromptIo {
  #slowUntil = 0

  /** @throws OppuError TRUNCATED_FILE when the file, called `what`, ends before the range does; the system's errors. */
  async read(
    handle: FileHandle,
    position: number,
    length: number,
    what: string,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = new Uint8Array(Buffer.allocUnsafeSlow(length).buffer) // filled below, or not given out
    for (let filled = 0; filled < length; ) {
      const left = [bytes, filled, length - filled, position + filled] as const
      const read = this.#isSlow ? (await handle.read(...left)).bytesRead : this.#timed(readSync, handle, left)
      if (read === 0) throw new OppuError('TRUNCATED_FILE', `${what} ends too early`)
      filled += read
    }
    return bytes
  }

  /** Writes all of `bytes`. @throws the system's errors */
  async write(handle: FileHandle, position: number, bytes: Uint8Array): Promise<void> {
    for (let written = 0; written < bytes.length; ) {
      const left = [bytes, written, bytes.length - written, position + written] as const
      written += this.#isSlow
        ? (await handle.write(...left)).bytesWritten
        : this.#timed(writeSync, handle, left)
    }
  }

  get #isSlow(): boolean {
    return performance.now() < this.#slowUntil
  }

  #timed(call: (fd: number, ...range: Range) => number, { fd }: FileHandle, range: Range): number {
    const started = performance.now()
    const done = call(fd, ...range)
    const now = performance.now()
    if (now - started > SLOW_MS) this.#slowUntil = now + POOL_MS
    return done
  }
}

type Range = readonly [bytes: Uint8Array, offset: number, length: number, position: number]
