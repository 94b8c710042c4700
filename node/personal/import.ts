/**
 * A file (or a folder of .eml files) into the history: tells the format, runs its importer, counts.
 *
 * What was imported stays when the import is cut short or ends in an error; importing the same file again adds only
 * what is missing. Refused entries are counted, and the first few kept with their lines, for a person to look at.
 */
import { createReadStream } from 'node:fs'
import { open, readdir, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { OppuError } from '../../protocol/errors.ts'
import { errorCode } from '../store/atomic-file.ts'
import type { AddReport, History, NewItem } from './history.ts'
import type { Imported, ImportOptions } from './importers/importer.ts'
import { importJsonl } from './importers/jsonl.ts'
import { importLamp } from './importers/lamp.ts'
import { importEml, importMbox } from './importers/mail.ts'

export const FORMATS = ['jsonl', 'mbox', 'eml', 'lamp'] as const
export type Format = (typeof FORMATS)[number]

type Importer = (bytes: AsyncIterable<Uint8Array>, options: ImportOptions) => AsyncIterable<Imported>

const IMPORTERS: Readonly<Record<Format, Importer>> = {
  jsonl: importJsonl,
  mbox: importMbox,
  eml: importEml,
  lamp: importLamp,
}

export interface Refusal {
  /** For messages in a folder, the file; otherwise the file imported. */
  readonly file: string
  /** Line where the entry begins, from 1 (LaMP: number of the entry). */
  readonly line: number
  readonly reason: string
}

export interface ImportReport extends AddReport {
  readonly format: Format
  readonly refused: number
  /** The first refusals, at most `keep`. */
  readonly refusals: readonly Refusal[]
  /** Entries that are fine but not the user's own words. */
  readonly skipped: number
}

export interface ImportFileOptions extends Partial<Omit<ImportOptions, 'source'>> {
  /** Told from the file where absent. */
  readonly format?: Format
  /** How many refusals to keep. Default 5. */
  readonly keep?: number
  readonly onProgress?: (report: AddReport) => void
}

/**
 * @throws OppuError NOT_FOUND: no such file; INVALID_DATA: a format we do not know, or a file that is no such thing
 * as a whole; INVALID_ARGUMENT (author, user); DISK_FULL; the signal's reason.
 */
export async function importHistory(
  history: History,
  path: string,
  options: ImportFileOptions = {},
): Promise<ImportReport> {
  const files = await filesOf(path)
  const counts = { refused: 0, skipped: 0 }
  const refusals: Refusal[] = []
  let format = options.format
  async function* items(): AsyncGenerator<NewItem> {
    for (const file of files) {
      const chosen: Format = options.format ?? (await detectFormat(file))
      format ??= chosen
      const given: ImportOptions = {
        ...options,
        source: basename(file),
        time: options.time ?? Math.floor((await stat(file)).mtimeMs),
      }
      for await (const entry of IMPORTERS[chosen](
        createReadStream(file, { highWaterMark: 1 << 18 }),
        given,
      )) {
        if (entry.kind === 'item') yield entry.item
        else counts[entry.kind]++
        if (entry.kind === 'refused' && refusals.length < (options.keep ?? 5)) {
          refusals.push({ file, line: entry.line, reason: entry.reason })
        }
      }
    }
  }
  const added = await history.add(items(), {
    ...(options.signal && { signal: options.signal }),
    ...(options.onProgress && { onProgress: options.onProgress }),
  })
  return { format: format ?? 'eml', ...added, ...counts, refusals }
}

/**
 * By name, then by the first bytes. An empty file is JSON Lines without lines. @throws OppuError INVALID_DATA,
 * NOT_FOUND; INVALID_ARGUMENT for a pipe, which can be read once only.
 */
export async function detectFormat(path: string): Promise<Format> {
  const extension = /\.(jsonl|ndjson|mbox|eml)$/i.exec(path)?.[1]?.toLowerCase()
  if (extension) return extension === 'ndjson' ? 'jsonl' : (extension as Format)
  if (!(await stat(path).catch(error => absent(error, path))).isFile())
    throw new OppuError('INVALID_ARGUMENT', `${path} is no ordinary file: say what it holds with --format`)
  const head = (await firstBytes(path, 4096)).replace(/^\uFEFF/, '').trimStart()
  if (head === '' || (head.startsWith('{') && !/^\{\s*"(?:user_id|profile)"/.test(head))) return 'jsonl'
  if (head.startsWith('[') || head.startsWith('{')) return 'lamp'
  if (head.startsWith('From ')) return 'mbox'
  if (/^[A-Za-z][A-Za-z0-9-]*:[ \t]/.test(head) && /^(from|date|subject|received|message-id):/im.test(head))
    return 'eml'
  throw new OppuError(
    'INVALID_DATA',
    `${path} is neither JSON Lines, mbox, a message nor LaMP's JSON (say which with --format)`,
  )
}

async function firstBytes(path: string, length: number): Promise<string> {
  const file = await open(path, 'r').catch(error => absent(error, path))
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(length), 0, length, 0)
    return buffer.subarray(0, bytesRead).toString('utf8')
  } finally {
    await file.close()
  }
}

/** The file itself, or a folder's files by name (hidden ones left out). */
async function filesOf(path: string): Promise<readonly string[]> {
  const found = await stat(path).catch(error => absent(error, path))
  if (!found.isDirectory()) return [path]
  const entries = await readdir(path, { withFileTypes: true })
  const names = entries.filter(entry => entry.isFile() && !entry.name.startsWith('.')).map(({ name }) => name)
  if (names.length === 0) throw new OppuError('NOT_FOUND', `there are no files in ${path}`)
  return names.sort().map(name => join(path, name))
}

function absent(error: unknown, path: string): never {
  if (errorCode(error) === 'ENOENT')
    throw new OppuError('NOT_FOUND', `there is no file ${path}`, { cause: error })
  throw error
}
