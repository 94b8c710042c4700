/**
 * How a base came here and whether it must stay, beside its files: `pulled` when it came from peers, with what it was
 * asked for as; `pinned` when the user said so. A base that a person imported has neither, and is never cleared away
 * unasked (node/base/gc.ts).
 */
import { readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { absent, writeFileAtomic } from './atomic-file.ts'

export interface Pulled {
  /** Milliseconds since 1970. */
  readonly at: number
  /** The release it was asked for by, `name:tag`, where it was. */
  readonly as?: string
}

const PULLED = 'pulled'
const PINNED = 'pinned'

/** `undefined` for a base that was imported, and where the note cannot be read. */
export async function readPulled(folder: string): Promise<Pulled | undefined> {
  const text = await readFile(join(folder, PULLED), 'utf8').catch(error => absent(error, ''))
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || !('at' in value)) return undefined
    const as = 'as' in value && typeof value.as === 'string' ? { as: value.as } : {}
    return typeof value.at === 'number' ? { at: value.at, ...as } : undefined
  } catch {
    return undefined
  }
}

export async function writePulled(folder: string, pulled: Pulled): Promise<void> {
  await writeFileAtomic(join(folder, PULLED), Buffer.from(JSON.stringify(pulled)))
}

/** The user brought it too: from now on it counts as imported. */
export async function noteImported(folder: string): Promise<void> {
  await rm(join(folder, PULLED), { force: true })
}

export async function isPinned(folder: string): Promise<boolean> {
  return (await stat(join(folder, PINNED)).catch(error => absent(error, undefined))) !== undefined
}

export async function setPinned(folder: string, pinned: boolean): Promise<void> {
  if (pinned) await writeFileAtomic(join(folder, PINNED), new Uint8Array())
  else await rm(join(folder, PINNED), { force: true })
}
