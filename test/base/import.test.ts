/** Importing Hugging Face folders: what comes out, what is refused, and what is left behind when it stops midway. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import {
  appendFile,
  copyFile,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { importBase } from '../../node/base/import.ts'
import { openBase } from '../../node/base/open.ts'
import { writeSafetensors } from '../../node/model/safetensors.ts'
import { readWeights } from '../../node/model/weights.ts'
import { Bases } from '../../node/store/bases.ts'
import { type ErrorCode, isOppuError } from '../../protocol/errors.ts'
import { baseId, chunkHash, encodeManifest, type ManifestV1 } from '../../protocol/manifest.ts'
import {
  CONFIG,
  type FolderChanges,
  type Tensors,
  temporaryFolder,
  tinyGguf,
  tinyTokenizer,
  tinyWeights,
  writeFolder,
} from './tiny.ts'

/** So that a tiny base has several chunks. */
const SMALL = { least: 4096, mean: 8192, most: 16384 }
const stories = fileURLToPath(new URL('../../../shared/models/tinystories-656k', import.meta.url))

/** Two shards and their index. */
function sharded(weights: Tensors, map: (name: string, shard: string) => string = (_, shard) => shard) {
  const names = [...weights.keys()]
  const shards = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors']
  const part = (odd: number) => writeSafetensors(new Map([...weights].filter((_, i) => i % 2 === odd)))
  const weight_map = Object.fromEntries(names.map((name, i) => [name, map(name, shards[i % 2]!)]))
  return {
    weights: { [shards[0]!]: part(0), [shards[1]!]: part(1) },
    files: { 'model.safetensors.index.json': JSON.stringify({ metadata: {}, weight_map }) },
  }
}

function refused(code: ErrorCode, naming: string) {
  return (error: unknown) => {
    assert.ok(isOppuError(error, code), `${code} expected, not ${String(error)}`)
    assert.ok(error.message.includes(naming), error.message)
    return true
  }
}

test('a real folder imports, opens where it lies, and imports again to the same base', {
  skip: existsSync(stories) ? false : `no ${stories}`,
}, async context => {
  const home = await temporaryFolder(context)
  const stages: string[] = []
  const manifest = await importBase(`file:${stories}`, {
    home,
    onProgress: ({ stage }) => stages.push(stage),
  })
  assert.deepEqual([...new Set(stages)], ['copy', 'check', 'hash', 'done'])
  const [stored, ...others] = await Bases.open(join(home, 'bases')).list()
  assert.deepEqual(others, [])
  assert.equal(stored!.id, baseId(manifest))
  const base = await openBase(stored!.folder, stored!.manifest)
  assert.equal(base.weights.path, join(stored!.folder, 'files/model.safetensors'))
  assert.deepEqual(base.weights.tensors.get('model.embed_tokens.weight')!.shape, [2048, 128])
  assert.deepEqual(base.tokenizer.eosIds, [2])
  assert.equal(base.hasTemplate, false)
  assert.equal(
    base.template.render([
      { role: 'user', content: 'A' },
      { role: 'assistant', content: 'B' },
    ]),
    '<|start_story|>A\n\nB<|end_story|>',
  )
  const text = 'Once upon a time, there was a little girl.'
  assert.equal(
    base.tokenizer.decode(base.tokenizer.encode(text, { specialTokens: true }), { skipSpecialTokens: true }),
    text,
  )
  assert.deepEqual(await importBase(`file:${stories}`, { home }), manifest)
  assert.deepEqual((await readdir(join(home, 'bases'))).sort(), ['.incoming', stored!.id])
  assert.deepEqual(await readdir(join(home, 'bases/.incoming')), [])
})

test('shards, half precision and a tied head give the same float32 weights as the tensors they came from', async context => {
  const home = await temporaryFolder(context)
  const expected = tinyWeights()
  const check = async (changes: FolderChanges, expectedWeights: Tensors = expected) => {
    const path = await writeFolder(join(home, `source-${Math.random()}`), changes)
    const manifest = await importBase(`file:${path}`, { home })
    const base = await openBase(join(home, 'bases', baseId(manifest)), manifest)
    const weights = await readWeights(base.weights)
    for (const [name, { data }] of expectedWeights) assert.deepEqual(weights.get(name), data, name)
    return base
  }
  const inShards = await check(sharded(expected))
  assert.equal(inShards.manifest.files.length, 6)
  assert.match(inShards.weights.path, /weights\.f32$/)
  const rounded: Tensors = new Map(
    [...expected].map(([name, tensor]) => [
      name,
      { ...tensor, data: tensor.data.map(x => Math.fround(Math.round(x * 64) / 64)) },
    ]),
  )
  await check({ weights: writeSafetensors(rounded, {}, 'BF16') }, rounded)
  const tied = { ...CONFIG, tie_word_embeddings: true }
  const { 'model.embed_tokens.weight': embedding, ...rest } = Object.fromEntries(tinyWeights(tied))
  await check(
    {
      config: tied,
      weights: writeSafetensors(new Map(Object.entries({ ...rest, 'lm_head.weight': embedding! }))),
    },
    tinyWeights(tied),
  )
  await check(
    {
      config: tied,
      weights: writeSafetensors(new Map([...tinyWeights(tied), ['lm_head.weight', embedding!]])),
    },
    tinyWeights(tied),
  )
  const other = { ...embedding!, data: embedding!.data.map(x => x + 1) }
  await assert.rejects(
    check({
      config: tied,
      weights: writeSafetensors(new Map([...tinyWeights(tied), ['lm_head.weight', other]])),
    }),
    refused('INVALID_DATA', 'lm_head.weight'),
  )
})

test('the licence comes from the model card, the template from its own file, ends of text from every place', async context => {
  const home = await temporaryFolder(context)
  const path = await writeFolder(join(home, 'card'), {
    files: {
      'README.md': '---\nlanguage: en\nlicense: apache-2.0\n---\n# Model\nlicense: not this one\n',
      'chat_template.jinja': '{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}',
      'generation_config.json': '{"eos_token_id": [258, 10]}',
    },
  })
  const manifest = await importBase(`file:${path}`, { home, name: 'My base' })
  assert.equal(manifest.licence, 'apache-2.0')
  assert.equal(manifest.name, 'My base')
  const base = await openBase(join(home, 'bases', baseId(manifest)), manifest)
  assert.equal(base.template.render([{ role: 'user', content: 'x' }]), '[user]x')
  assert.deepEqual(base.tokenizer.eosIds, [258, 10])
})

test('what is no base is refused by the name of what is wrong, and nothing is left', async context => {
  const home = await temporaryFolder(context)
  let count = 0
  const check = async (
    changes: FolderChanges & { readonly without?: string },
    code: ErrorCode,
    naming: string,
  ) => {
    const path = await writeFolder(join(home, `bad-${count++}`), changes)
    if (changes.without !== undefined) await rm(join(path, changes.without))
    await assert.rejects(importBase(`file:${path}`, { home }), refused(code, naming))
    assert.deepEqual(await readdir(join(home, 'bases')), ['.incoming'])
    assert.deepEqual(await readdir(join(home, 'bases/.incoming')), [])
  }
  const weights = tinyWeights()
  const whole = writeSafetensors(weights)
  const norm = weights.get('model.norm.weight')!
  await check({ without: 'config.json' }, 'NOT_FOUND', 'config.json')
  await check({ without: 'tokenizer.json' }, 'NOT_FOUND', 'tokenizer.json')
  await check({ without: 'model.safetensors' }, 'NOT_FOUND', 'model.safetensors')
  await check({ files: { 'config.json': '{' } }, 'INVALID_DATA', 'config.json')
  await check({ files: { 'chat_template.jinja': '{% for %}' } }, 'INVALID_DATA', 'chat template')
  await check({ files: { 'tokenizer.json': '[]' } }, 'INVALID_DATA', 'tokenizer.json')
  await check(
    { files: { 'tokenizer.json': JSON.stringify({ model: { type: 'Unigram', vocab: [] } }) } },
    'UNSUPPORTED_TOKENIZER',
    'Unigram',
  )
  await check(
    { config: { ...CONFIG, model_type: 'gemma3' }, weights: whole },
    'UNSUPPORTED_ARCHITECTURE',
    'gemma3',
  )
  await check(
    { config: { ...CONFIG, hidden_act: 'gelu' }, weights: whole },
    'UNSUPPORTED_ARCHITECTURE',
    'hidden_act',
  )
  await check({ config: { ...CONFIG, vocab_size: 100 } }, 'INVALID_DATA', 'the tokenizer has ids up to 259')
  for (const cut of [0, 5, 8, 100, whole.length - 1])
    await check(
      { weights: whole.subarray(0, cut) },
      'TRUNCATED_FILE',
      cut < 8 ? 'safetensors' : 'model.safetensors',
    )
  await check({ weights: Buffer.concat([Buffer.alloc(8, 0xff), whole]) }, 'INVALID_DATA', 'header')
  await check(
    { weights: writeSafetensors(new Map([...weights].slice(1))) },
    'INVALID_DATA',
    'model.embed_tokens.weight',
  )
  await check(
    { weights: writeSafetensors(new Map([...weights, ['model.extra', norm]])) },
    'INVALID_DATA',
    'model.extra',
  )
  await check(
    {
      weights: writeSafetensors(
        new Map([...weights, ['model.norm.weight', { shape: [16], data: new Float32Array(16) }]]),
      ),
    },
    'INVALID_DATA',
    'model.norm.weight',
  )
  const asBytes = Buffer.from(whole)
  asBytes.write('"I32"', asBytes.indexOf('"F32"'))
  await check({ weights: asBytes }, 'UNSUPPORTED_QUANTIZATION', 'I32')
})

test('a sharded index cannot lead out of its folder, nor to files that do not keep its word', async context => {
  const home = await temporaryFolder(context)
  const weights = tinyWeights()
  await writeFile(join(home, 'outside.safetensors'), writeSafetensors(weights))
  let count = 0
  const check = async (target: string, code: ErrorCode, naming: string) => {
    const path = await writeFolder(
      join(home, `index-${count++}`),
      sharded(weights, (name, shard) => (name === 'model.norm.weight' ? target : shard)),
    )
    await assert.rejects(importBase(`file:${path}`, { home }), refused(code, naming))
  }
  await check('../outside.safetensors', 'INVALID_DATA', '../outside.safetensors')
  await check('/etc/passwd', 'INVALID_DATA', '/etc/passwd')
  await check('sub/model.safetensors', 'INVALID_DATA', 'sub/model.safetensors')
  await check('..', 'INVALID_DATA', '..')
  await check('missing.safetensors', 'NOT_FOUND', 'missing.safetensors')
  // The weight is in the other shard than the index says.
  const names = [...weights.keys()]
  const wrong =
    names.indexOf('model.norm.weight') % 2 === 0
      ? 'model-00002-of-00002.safetensors'
      : 'model-00001-of-00002.safetensors'
  await check(wrong, 'INVALID_DATA', 'model.norm.weight')
})

test("links lead to files of the folder or of the hub's cache, and nowhere else", async context => {
  const home = await temporaryFolder(context)
  const secret = join(home, 'secret.json')
  await writeFile(secret, '{"token": "secret"}')
  const plain = await writeFolder(join(home, 'plain'))
  await symlink(secret, join(plain, 'generation_config.json'))
  await assert.rejects(
    importBase(`file:${plain}`, { home }),
    refused('INVALID_DATA', 'generation_config.json'),
  )
  await rm(join(plain, 'generation_config.json'))
  await symlink(join(home, 'gone'), join(plain, 'generation_config.json'))
  await assert.rejects(importBase(`file:${plain}`, { home }), refused('NOT_FOUND', 'leads nowhere'))
  const snapshot = await writeFolder(join(home, 'models--x/snapshots/0123'))
  const blobs = join(home, 'models--x/blobs')
  await mkdir(blobs)
  for (const name of await readdir(snapshot)) {
    await rename(join(snapshot, name), join(blobs, `blob-${name}`))
    await symlink(`../../blobs/blob-${name}`, join(snapshot, name))
  }
  assert.equal((await importBase(`file:${snapshot}`, { home })).files.length, 4)
  await symlink(secret, join(snapshot, 'generation_config.json'))
  await assert.rejects(importBase(`file:${snapshot}`, { home }), refused('INVALID_DATA', 'out of its folder'))
})

test('a folder with one GGUF is that GGUF; several are for the user to tell apart', async context => {
  const home = await temporaryFolder(context)
  const folder = join(home, 'ggufs')
  await mkdir(folder)
  await writeFile(join(folder, 'a.gguf'), tinyGguf())
  assert.equal((await importBase(`file:${folder}`, { home })).name, 'a')
  await copyFile(join(folder, 'a.gguf'), join(folder, 'b.gguf'))
  await assert.rejects(importBase(`file:${folder}`, { home }), refused('AMBIGUOUS', 'a.gguf, b.gguf'))
})

test('sources that are none are misuse; files that are not there are not found', async context => {
  const home = await temporaryFolder(context)
  for (const source of [
    '',
    'smollm',
    'hf:',
    'hf:one',
    'hf:../x',
    'hf:a/b@',
    'pip:',
    'pip:--index-url=x',
    'pip:a==b c',
    'http://x/y',
    'toString',
  ])
    await assert.rejects(importBase(source, { home }), refused('INVALID_ARGUMENT', ''), source)
  await assert.rejects(importBase(`file:${home}/nothing`, { home }), refused('NOT_FOUND', 'nothing'))
})

test('an abort at any moment leaves no base and no leavings, and the next import works', async context => {
  const home = await temporaryFolder(context)
  const path = await writeFolder(join(home, 'source'), { weights: writeSafetensors(tinyWeights()) })
  const reason = new Error('enough')
  await assert.rejects(importBase(`file:${path}`, { home, signal: AbortSignal.abort(reason) }), reason)
  for (const stage of ['copy', 'check', 'hash']) {
    const controller = new AbortController()
    const onProgress = (progress: { stage: string }) => {
      if (progress.stage === stage) controller.abort(reason)
    }
    await assert.rejects(
      importBase(`file:${path}`, { home, onProgress, signal: controller.signal }),
      reason,
      stage,
    )
    assert.deepEqual(await readdir(join(home, 'bases')), ['.incoming'])
    assert.deepEqual(await readdir(join(home, 'bases/.incoming')), [])
  }
  const manifest = await importBase(`file:${path}`, { home })
  assert.equal(manifest.files.length, 4)
})

test('two imports of one source at once: one works, the other is told; a dead one does not block', async context => {
  const home = await temporaryFolder(context)
  const path = await writeFolder(join(home, 'source'))
  const both = await Promise.allSettled([
    importBase(`file:${path}`, { home }),
    importBase(`file:${path}`, { home }),
  ])
  assert.deepEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
  for (const outcome of both)
    if (outcome.status === 'rejected') refused('IN_USE', 'under way')(outcome.reason)
  const { createHash } = await import('node:crypto')
  const key = createHash('sha256')
    .update(JSON.stringify({ kind: 'file', path }))
    .digest('hex')
    .slice(0, 16)
  await writeFile(join(home, 'bases/.incoming', `${key}.lock`), '4194304999')
  await importBase(`file:${path}`, { home })
})

test('the weights file is made once, made again when damaged, and never left half-made', async context => {
  const home = await temporaryFolder(context)
  const path = await writeFolder(join(home, 'source'), sharded(tinyWeights()))
  const manifest = await importBase(`file:${path}`, { home })
  const folder = join(home, 'bases', baseId(manifest))
  const reason = new Error('enough')
  const controller = new AbortController()
  await assert.rejects(
    openBase(folder, manifest, { signal: controller.signal, onProgress: () => controller.abort(reason) }),
    reason,
  )
  assert.deepEqual((await readdir(folder)).sort(), ['checked', 'files', 'manifest', 'outline'])
  const made = async () => {
    let written = 0
    const base = await openBase(folder, manifest, { onProgress: () => written++ })
    assert.deepEqual(
      (await readWeights(base.weights)).get('model.norm.weight'),
      tinyWeights().get('model.norm.weight')!.data,
    )
    return written > 0
  }
  const file = join(folder, 'weights.f32')
  assert.equal(await made(), true)
  assert.equal(await made(), false)
  await truncate(file, (await stat(file)).size - 1)
  assert.equal(await made(), true)
  const bytes = await readFile(file)
  await writeFile(file, Buffer.concat([bytes.subarray(0, -32), Buffer.alloc(32)])) // another base's mark
  assert.equal(await made(), true)
  await symlink('/dev/full', `${file}.${process.pid}.tmp`)
  await rm(file)
  if (process.platform === 'linux')
    await assert.rejects(openBase(folder, manifest), refused('DISK_FULL', 'weights.f32'))
  assert.equal(await made(), true)
})

test('a full disk while files are copied is said so, and nothing is left', {
  skip: process.platform === 'linux' ? false : 'needs /dev/full',
}, async context => {
  const home = await temporaryFolder(context)
  const path = await writeFolder(join(home, 'source'))
  const { createHash } = await import('node:crypto')
  const key = createHash('sha256')
    .update(JSON.stringify({ kind: 'file', path }))
    .digest('hex')
    .slice(0, 16)
  await mkdir(join(home, 'bases/.incoming', key, 'files'), { recursive: true })
  await symlink('/dev/full', join(home, 'bases/.incoming', key, 'files/tokenizer.json'))
  await assert.rejects(importBase(`file:${path}`, { home }), refused('DISK_FULL', ''))
  assert.deepEqual(await readdir(join(home, 'bases/.incoming')), [])
})

test('opening notices files that were changed, cut or taken away since; importing again mends them', async context => {
  const home = await temporaryFolder(context)
  const path = await writeFolder(join(home, 'source'))
  const manifest = await importBase(`file:${path}`, { home, chunkLengths: SMALL })
  const folder = join(home, 'bases', baseId(manifest))
  await openBase(folder, manifest)
  const file = join(folder, 'files/model.safetensors')
  const whole = await readFile(file)
  const damaged = Buffer.from(whole)
  damaged[damaged.length - 5]! ^= 1
  await writeFile(file, damaged)
  await utimes(file, new Date(), new Date(Date.now() + 5000))
  await assert.rejects(openBase(folder, manifest), refused('HASH_MISMATCH', 'model.safetensors'))
  await writeFile(file, whole.subarray(0, -1))
  await assert.rejects(openBase(folder, manifest), refused('TRUNCATED_FILE', 'model.safetensors'))
  await writeFile(file, whole)
  await appendFile(file, 'x')
  await assert.rejects(openBase(folder, manifest), refused('HASH_MISMATCH', 'model.safetensors'))
  await writeFile(file, whole)
  await openBase(folder, manifest)
  await rm(join(folder, 'files/tokenizer.json'))
  await assert.rejects(openBase(folder, manifest), refused('NOT_FOUND', 'tokenizer.json'))
  await importBase(`file:${path}`, { home, chunkLengths: SMALL }) // mends it
  await openBase(folder, manifest)
})

test('the outline lies beside the manifest, and a base whose outline is damaged is refused and mended', async context => {
  const home = await temporaryFolder(context)
  const path = await writeFolder(join(home, 'source'))
  const manifest = await importBase(`file:${path}`, { home, chunkLengths: SMALL })
  assert.equal(manifest.version, 2)
  const folder = join(home, 'bases', baseId(manifest))
  const outline = await readFile(join(folder, 'outline'))
  const damaged = Buffer.from(outline)
  damaged[10]! ^= 1
  await writeFile(join(folder, 'outline'), damaged)
  await assert.rejects(openBase(folder, manifest), refused('HASH_MISMATCH', 'list of chunks'))
  await rm(join(folder, 'outline'))
  await assert.rejects(openBase(folder, manifest), refused('INVALID_DATA', 'list of chunks'))
  await importBase(`file:${path}`, { home, chunkLengths: SMALL })
  assert.deepEqual(await readFile(join(folder, 'outline')), outline)
  await openBase(folder, manifest)
})

test('a base that is here as version 1 stays that base when its source is imported again', async context => {
  const home = await temporaryFolder(context)
  const path = await writeFolder(join(home, 'source'))
  const { version: _, files, ...head } = await importBase(`file:${path}`, { home })
  const bases = Bases.open(join(home, 'bases'))
  const [second] = await bases.list()
  const inFiles = (name: string) => readFile(join(second!.folder, 'files', name))
  const hashed = []
  for (const { path, size } of files) {
    const bytes = await inFiles(path)
    const count = Math.ceil(size / 4096)
    const chunks = Array.from({ length: count }, (_, i) =>
      chunkHash(bytes.subarray(i * 4096, (i + 1) * 4096)),
    )
    hashed.push({ path, size, chunks })
  }
  const first: ManifestV1 = { version: 1, ...head, chunkSize: 4096, files: hashed }
  const folder = join(bases.folder, baseId(first))
  await rename(second!.folder, folder)
  await rm(join(folder, 'outline'))
  await writeFile(join(folder, 'manifest'), encodeManifest(first))
  assert.deepEqual(await importBase(`file:${path}`, { home }), first)
  await rm(join(folder, 'files', 'config.json'))
  assert.deepEqual(await importBase(`file:${path}`, { home }), first, 'a damaged one is mended')
  await openBase(folder, first)
  assert.deepEqual(
    (await bases.list()).map(({ id }) => id),
    [baseId(first)],
  )
  assert.equal((await importBase(`file:${path}`, { home, name: 'another' })).version, 2)
})

test('the tokenizer of a base may have fewer ids than the model has rows', async context => {
  const home = await temporaryFolder(context)
  const { json } = tinyTokenizer()
  const path = await writeFolder(join(home, 'source'), {
    config: { ...CONFIG, vocab_size: 300 },
    files: { 'tokenizer.json': JSON.stringify(json) },
  })
  const manifest = await importBase(`file:${path}`, { home })
  const base = await openBase(join(home, 'bases', baseId(manifest)), manifest)
  assert.equal(base.tokenizer.vocabSize, 260)
  assert.equal(base.config.vocabSize, 300)
})
