/**
 * What lies in `<home>/bases` and is no base: pulls and imports that were cut short (the next one of the same base or
 * source goes on from there, and nothing else ever takes them away), removals and conversions cut short, and folders with
 * a base's name whose manifest is damaged. Listed with what they take on disk, and deleted when the user says so:
 * rejected is an age after which they go by themselves, since a download of many GiB may well wait for a month.
 */
import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { BaseId } from '../../protocol/ids.ts'
import { absent } from './atomic-file.ts'
import type { Bases } from './bases.ts'
import { isAlive, isLocked } from './lock.ts'

/** Where imports collect their files: `<bases>/.incoming/<source>`, each with `<source>.lock` beside it. */
export const INCOMING_FOLDER = '.incoming'

export interface Leftover {
  readonly kind: 'pull' | 'import' | 'removal' | 'conversion' | 'damaged base'
  readonly path: string
  /** What it takes on disk; a pull's files are sparse. */
  readonly bytes: number
}

/** Work that is under way in another process is left out. */
export async function leftovers(bases: Bases): Promise<Leftover[]> {
  const found: Leftover[] = []
  const add = async (kind: Leftover['kind'], ...path: string[]) => {
    const full = join(bases.folder, ...path)
    found.push({ kind, path: full, bytes: await diskBytes(full) })
  }
  const whole = new Set<string>((await bases.list()).map(({ id }) => id))
  for (const name of await namesIn(bases.folder)) {
    if (/^\.[0-9a-f]{64}\.partial$/.test(name)) await add('pull', name)
    if (/^\.[0-9a-f]{64}\.removed$/.test(name)) await add('removal', name)
    if (/^[0-9a-f]{64}$/.test(name) && !whole.has(name)) await add('damaged base', name)
    for (const inside of whole.has(name) ? await namesIn(join(bases.folder, name)) : []) {
      const owner = /^weights\.f32\.(\d+)\.tmp$/.exec(inside)?.[1]
      if (owner !== undefined && !isAlive(Number(owner))) await add('conversion', name, inside)
    }
  }
  const incoming = await namesIn(join(bases.folder, INCOMING_FOLDER))
  for (const name of incoming.filter(name => /^[0-9a-f]+$/.test(name))) {
    if (!(await isLocked(join(bases.folder, INCOMING_FOLDER, `${name}.lock`))))
      await add('import', INCOMING_FOLDER, name)
  }
  return found
}

/** Deletes them all; answers what they were. */
export async function removeLeftovers(bases: Bases): Promise<Leftover[]> {
  const found = await leftovers(bases)
  for (const { kind, path } of found) {
    if (kind === 'damaged base') await bases.remove(path.slice(-64) as BaseId)
    else await rm(path, { recursive: true, force: true })
  }
  return found
}

async function namesIn(folder: string): Promise<string[]> {
  return await readdir(folder).catch(error => absent(error, []))
}

/** What a file or folder takes on disk; of files only those that `counts` says. */
export async function diskBytes(
  path: string,
  counts: (info: { readonly nlink: number }) => boolean = () => true,
): Promise<number> {
  const info = await stat(path).catch(error => absent(error, undefined))
  if (info === undefined) return 0
  if (!info.isDirectory())
    return counts(info) ? (info.blocks === undefined ? info.size : 512 * info.blocks) : 0
  let sum = 0
  for (const name of await namesIn(path)) sum += await diskBytes(join(path, name), counts)
  return sum
}
