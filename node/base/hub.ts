/**
 * A base from the Hugging Face Hub, through @huggingface/hub, in a way that can be interrupted and gone on with.
 *
 * The revision is pinned to its commit first, so that all files are of one state. Each file grows under `parts/`
 * and is moved to `files/` when its size and hash are the hub's; what is in `parts/` after a cut connection, Ctrl-C or
 * a full disk is continued by a Range request, within the run a few times by itself, else by the next import.
 * Rejected: the package's own cache download, which starts a file over when it was cut, and its Xet transfer, which
 * cannot continue into a file; the plain download of the same bytes can.
 */
import { createHash } from 'node:crypto'
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { downloadFile, HubApiError, type ListFileEntry, listFiles, modelInfo } from '@huggingface/hub'
import { OppuError } from '../../protocol/errors.ts'
import { FILES_FOLDER } from '../store/chunks.ts'
import { huggingFaceFiles, INDEX_FILE } from './huggingface-model.ts'
import { GGUF_NAME } from './source-model.ts'
import type { Collected, Source, SourceOptions } from './sources.ts'

interface HubFile {
  readonly path: string
  readonly size: number
  /** SHA-256 of the content where the hub knows it (large files). */
  readonly sha256: string | undefined
  /** SHA-1 of git's blob, for the others. */
  readonly gitId: string | undefined
}

/** Files of a repository's top folder; beyond this it is no model. */
const MAX_FILES = 10_000

/** @throws OppuError NOT_FOUND, REFUSED, SOURCE_UNAVAILABLE, HASH_MISMATCH, AMBIGUOUS, DISK_FULL; the signal's reason. */
export async function fetchFromHub(
  source: Extract<Source, { kind: 'hf' }>,
  staging: string,
  options: SourceOptions,
): Promise<Collected> {
  const hub = new Hub(source.repo, options)
  const { commit, licence } = await hub.info(source.revision)
  await forgetOtherCommit(staging, commit)
  const listed = await hub.list(commit)
  const collected: Collected = {
    name: source.repo.split('/')[1]!,
    ...(licence === undefined ? {} : { licence }),
  }
  const fetch = (file: HubFile, to: string, before: number, total: number) =>
    hub.download(commit, file, staging, to, bytes =>
      options.onProgress?.({ stage: 'download', detail: file.path, bytes: before + bytes, total }),
    )
  const ggufs = [...listed.values()].filter(({ path }) => /\.gguf$/i.test(path))
  if (!listed.has('config.json') && ggufs.length > 0) {
    if (ggufs.length > 1)
      throw new OppuError(
        'AMBIGUOUS',
        `${source.repo} holds several GGUFs; download one and import it by file:PATH`,
      )
    await fetch(ggufs[0]!, GGUF_NAME, 0, ggufs[0]!.size)
    return collected
  }
  const index = listed.get(INDEX_FILE)
  const names = await huggingFaceFiles(new Set(listed.keys()), async () => {
    await fetch(index!, INDEX_FILE, 0, index!.size)
    return await readFile(join(staging, FILES_FOLDER, INDEX_FILE), 'utf8')
  })
  const files = names.map(name => listed.get(name)!)
  const total = files.reduce((sum, { size }) => sum + size, 0)
  let before = 0
  for (const file of files) {
    await fetch(file, file.path, before, total)
    before += file.size
  }
  return collected
}

class Hub {
  readonly #repo: string
  readonly #options: SourceOptions
  readonly #timeoutMs: number

  constructor(repo: string, options: SourceOptions) {
    this.#repo = repo
    this.#options = options
    this.#timeoutMs = options.hubTimeoutMs ?? 20_000
    if (options.hubToken !== undefined && !options.hubToken.startsWith('hf_'))
      throw new OppuError(
        'INVALID_ARGUMENT',
        "the hub's access tokens begin with hf_, the one given does not",
      )
  }

  get #common() {
    const { hubUrl, hubToken } = this.#options
    return {
      ...(hubUrl === undefined ? {} : { hubUrl }),
      ...(hubToken === undefined ? {} : { accessToken: hubToken }),
    }
  }

  async info(revision: string): Promise<{ commit: string; licence: string | undefined }> {
    const info = await this.#ask(fetch =>
      modelInfo({
        name: this.#repo,
        revision,
        additionalFields: ['sha', 'cardData'],
        fetch,
        ...this.#common,
      }),
    )
    const commit: unknown = info.sha
    if (typeof commit !== 'string' || !/^[0-9a-f]{40}$/.test(commit))
      throw this.#unavailable('it names no commit')
    const licence: unknown = info.cardData?.license
    return { commit, licence: typeof licence === 'string' ? licence : undefined }
  }

  async list(commit: string): Promise<ReadonlyMap<string, HubFile>> {
    return await this.#ask(async fetch => {
      const files = new Map<string, HubFile>()
      for await (const entry of listFiles({ repo: this.#repo, revision: commit, fetch, ...this.#common })) {
        if (entry.type !== 'file') continue
        if (files.size === MAX_FILES) throw this.#unavailable(`it lists more than ${MAX_FILES} files`)
        files.set(entry.path, hubFile(entry))
      }
      return files
    })
  }

  /** Brings `file` to `files/<to>`; does nothing where it is there already. */
  async download(
    commit: string,
    file: HubFile,
    staging: string,
    to: string,
    onBytes: (bytes: number) => void,
  ): Promise<void> {
    const target = join(staging, FILES_FOLDER, to)
    const part = join(staging, 'parts', to)
    await mkdir(join(staging, 'parts'), { recursive: true, mode: 0o700 })
    if ((await sizeOf(target)) === file.size) return onBytes(file.size)
    let idle = 0
    for (let have = await sizeOf(part); have < file.size || file.size === 0; ) {
      const before = have
      try {
        have = await this.#continue(commit, file, part, have, onBytes)
        if (have === file.size) break
      } catch (error) {
        if (!(error instanceof OppuError && error.code === 'SOURCE_UNAVAILABLE')) throw error
        have = await sizeOf(part)
        idle = have > before ? 0 : idle + 1
        if (idle >= (this.#options.hubAttempts ?? 5)) throw error
        await wait(
          Math.min(200 * 2 ** idle, 5000),
          undefined,
          this.#options.signal ? { signal: this.#options.signal } : {},
        ).catch(() => this.#options.signal?.throwIfAborted())
      }
    }
    await this.#checkHash(part, file)
    await rename(part, target)
  }

  /** Appends what the hub sends from byte `have` on; returns how many bytes there are now. */
  async #continue(
    commit: string,
    file: HubFile,
    part: string,
    have: number,
    onBytes: (bytes: number) => void,
  ): Promise<number> {
    return await this.#ask(async (fetch, alive) => {
      const blob = await downloadFile({
        repo: this.#repo,
        path: file.path,
        revision: commit,
        xet: false,
        fetch,
        ...this.#common,
      })
      if (blob === null) throw new OppuError('NOT_FOUND', `${this.#repo} has no ${file.path}`)
      if (blob.size !== file.size)
        throw this.#unavailable(`${file.path} has ${blob.size} bytes, the listing says ${file.size}`)
      await using output = await open(part, 'a', 0o600)
      if (file.size === 0) return 0
      let bytes = have
      try {
        for await (const piece of blob.slice(have, file.size).stream()) {
          alive()
          if (bytes + piece.length > file.size)
            throw this.#unavailable(`${file.path} is longer than its ${file.size} bytes`)
          await output.writeFile(piece)
          bytes += piece.length
          onBytes(bytes)
        }
      } finally {
        await output.sync()
      }
      if (bytes < file.size)
        throw this.#unavailable(`${file.path} broke off at byte ${bytes} of ${file.size}`)
      return bytes
    })
  }

  async #checkHash(part: string, file: HubFile): Promise<void> {
    const [hash, expected] =
      file.sha256 !== undefined
        ? [createHash('sha256'), file.sha256]
        : [createHash('sha1').update(`blob ${file.size}\0`), file.gitId]
    await using handle = await open(part)
    for await (const piece of handle.createReadStream({ autoClose: false, highWaterMark: 1 << 20 })) {
      this.#options.signal?.throwIfAborted()
      hash.update(piece as Buffer)
    }
    if (expected === undefined || hash.digest('hex') === expected) return
    await rm(part, { force: true })
    throw new OppuError(
      'HASH_MISMATCH',
      `${file.path} of ${this.#repo} arrived damaged; what was downloaded of it is deleted`,
    )
  }

  /** Runs one exchange: its `fetch` ends with the caller's signal and when nothing moves; errors become ours. */
  async #ask<T>(act: (fetch: typeof globalThis.fetch, alive: () => void) => Promise<T>): Promise<T> {
    const idle = new AbortController()
    const timer = setTimeout(() => idle.abort(), this.#timeoutMs)
    const { signal } = this.#options
    const either = signal === undefined ? idle.signal : AbortSignal.any([signal, idle.signal])
    const guarded: typeof fetch = async (input, init) => {
      const response = await fetch(input, { ...init, signal: either })
      timer.refresh()
      const range = new Headers(init?.headers).get('range')
      // Appending the whole file to its beginning would be worse than no answer.
      if (range !== null && response.ok && response.status !== 206)
        throw this.#unavailable('it ignores Range requests')
      return response
    }
    try {
      return await act(guarded, () => timer.refresh())
    } catch (error) {
      signal?.throwIfAborted()
      throw this.#translate(idle.signal.aborted ? new Error(`no answer for ${this.#timeoutMs} ms`) : error)
    } finally {
      clearTimeout(timer)
      idle.abort() // lets go of a body that was not read to its end
    }
  }

  #translate(error: unknown): unknown {
    if (error instanceof OppuError) return error
    if (
      error instanceof Error &&
      'code' in error &&
      ['ENOSPC', 'EDQUOT', 'EACCES', 'EROFS'].includes(String(error.code))
    )
      return error
    if (error instanceof HubApiError) {
      const { statusCode } = error
      if (statusCode === 401 || statusCode === 403)
        return new OppuError(
          'REFUSED',
          `the hub lets nobody but its members read ${this.#repo} (${statusCode}): check the name, accept the model's terms on its page, and give an access token (HF_TOKEN)`,
          { cause: error },
        )
      if (statusCode === 404)
        return new OppuError('NOT_FOUND', `the hub has no ${this.#repo} at this revision`, { cause: error })
    }
    return this.#unavailable(describe(error), error)
  }

  #unavailable(detail: string, cause?: unknown): OppuError {
    return new OppuError('SOURCE_UNAVAILABLE', `${this.#repo} on the hub: ${detail}`, { cause })
  }
}

function hubFile({ path, size, oid, lfs }: ListFileEntry): HubFile {
  return { path, size, sha256: lfs?.oid.replace(/^sha256:/, ''), gitId: oid }
}

/** A rerun continues only downloads of the same commit. */
async function forgetOtherCommit(staging: string, commit: string): Promise<void> {
  const note = join(staging, 'commit')
  if ((await readFile(note, 'utf8').catch(() => '')) === commit) return
  await rm(join(staging, 'parts'), { recursive: true, force: true })
  await rm(join(staging, FILES_FOLDER), { recursive: true, force: true })
  await mkdir(join(staging, FILES_FOLDER), { recursive: true, mode: 0o700 })
  await using handle = await open(note, 'w', 0o600)
  await handle.writeFile(commit)
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0
}

/** `fetch failed` says nothing; its cause does. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error
    ? `${error.message} (${error.cause.message || String(error.cause)})`
    : error.message
}
