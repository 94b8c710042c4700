/**
 * What could go from `<home>/bases` without anyone missing it: what was cut short and nobody went on with for a week,
 * damaged bases that nothing needs, and bases from peers of which a later version is here. A base that the user
 * imported or pinned stays, as does one that an adapter, an unfinished training run or a tag of the coordinator refers
 * to; for each that stays but might have gone it is said why.
 *
 * Only plans and removes: the caller knows what is in use, and asks. Rejected: clearing away by itself after a pull
 * (an adapter may be about to be imported for the old version), and by age or size.
 */
import { readdir, rm, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { BaseId } from '../../protocol/ids.ts'
import { shortId } from '../../protocol/ids.ts'
import { absent } from '../store/atomic-file.ts'
import type { Bases, StoredBase } from '../store/bases.ts'
import { diskBytes, type Leftover, leftovers } from '../store/leftovers.ts'
import { isPinned, type Pulled, readPulled } from '../store/origin.ts'

/** So long an unfinished pull or import is left for the next try. */
const UNFINISHED_MS = 7 * 24 * 3600 * 1000

export interface Disposable {
  readonly kind: Leftover['kind'] | 'superseded base'
  readonly path: string
  /** Of a base. */
  readonly id?: BaseId
  readonly name?: string
  readonly why: string
  /** What goes from the disk; files that another base has too do not. */
  readonly bytes: number
}

export interface Plan {
  readonly remove: readonly Disposable[]
  /** What might have gone, and why it stays; `bytes` as it would have freed. */
  readonly keep: readonly Disposable[]
}

export interface Needs {
  /** Bases that must stay, each with why. */
  readonly bases: ReadonlyMap<BaseId, string>
  /** Why no base may go at all, where it is not known what is needed. */
  readonly all?: string
}

export async function planGc(bases: Bases, needs: Needs, now = Date.now()): Promise<Plan> {
  const remove: Disposable[] = []
  const keep: Disposable[] = []
  for (const leftover of await leftovers(bases)) {
    const stays = await whyLeftoverStays(leftover, needs, now)
    if (stays === undefined) remove.push({ ...leftover, why: whyLeftoverGoes(leftover) })
    else keep.push({ ...leftover, why: stays })
  }
  const stored = await bases.list()
  const pulled = new Map<BaseId, Pulled>()
  for (const { id, folder } of stored) {
    const note = await readPulled(folder)
    if (note !== undefined) pulled.set(id, note)
  }
  for (const base of stored) {
    const later = laterVersion(base, stored, pulled)
    if (later === undefined) continue
    const stays = (await isPinned(base.folder)) ? 'it is pinned' : (needs.bases.get(base.id) ?? needs.all)
    const { id, folder: path } = base
    const { name } = base.manifest
    const why =
      stays ?? `${later.manifest.name} ${shortId(later.id)} came after it, and nothing here needs it`
    const found = { kind: 'superseded base', path, id, name, why, bytes: await ownBytes(path) } as const
    if (stays === undefined) remove.push(found)
    else keep.push(found)
  }
  return { remove, keep }
}

/** Removes what a plan says. */
export async function runGc(bases: Bases, { remove }: Plan): Promise<void> {
  for (const { kind, path, id } of remove) {
    if (kind === 'superseded base' || kind === 'damaged base')
      await bases.remove(id ?? (basename(path) as BaseId))
    else await rm(path, { recursive: true, force: true })
  }
}

/** The base that came from peers after `base`, which came from peers too, as the same release or under the same name. */
function laterVersion(
  base: StoredBase,
  stored: readonly StoredBase[],
  pulled: ReadonlyMap<BaseId, Pulled>,
): StoredBase | undefined {
  const own = pulled.get(base.id)
  if (own === undefined) return undefined
  return stored.find(other => {
    const note = pulled.get(other.id)
    if (note === undefined || other.id === base.id || note.at <= own.at) return false
    return other.manifest.name === base.manifest.name || (own.as !== undefined && note.as === own.as)
  })
}

async function whyLeftoverStays(
  { kind, path }: Leftover,
  needs: Needs,
  now: number,
): Promise<string | undefined> {
  if (kind === 'damaged base') {
    if (await isPinned(path)) return 'it is pinned'
    if ((await readPulled(path)) === undefined)
      return 'it was imported here; to delete it: oppu base remove --leftovers'
    return needs.bases.get(basename(path) as BaseId) ?? needs.all
  }
  if (kind !== 'pull' && kind !== 'import') return undefined
  const touched = await lastTouched(path)
  if (now - touched > UNFINISHED_MS) return undefined
  return `it goes on when the ${kind} is run again; to delete it: oppu base remove --leftovers`
}

function whyLeftoverGoes({ kind }: Leftover): string {
  if (kind === 'damaged base') return 'its manifest cannot be read, and nothing here needs it'
  if (kind === 'pull' || kind === 'import') return 'it was cut short, and nobody went on with it for a week'
  return 'it was cut short'
}

/** Of a folder and all that lies in it, however deep: a file that grows touches no folder. */
async function lastTouched(path: string): Promise<number> {
  let latest = 0
  for (const name of ['', ...(await readdir(path, { recursive: true }).catch(error => absent(error, [])))]) {
    const info = await stat(join(path, name)).catch(error => absent(error, undefined))
    latest = Math.max(latest, info?.mtimeMs ?? 0)
  }
  return latest
}

function ownBytes(path: string): Promise<number> {
  return diskBytes(path, ({ nlink }) => nlink === 1)
}
