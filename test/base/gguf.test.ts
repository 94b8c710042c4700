/** GGUF files: read truly, and refused with a code, quickly, wherever they are cut, spliced or not for us. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { readGguf } from '../../node/base/gguf.ts'
import { tokenizerFromGguf } from '../../node/base/gguf-tokenizer.ts'
import { importBase } from '../../node/base/import.ts'
import { openBase } from '../../node/base/open.ts'
import type { LlamaConfig } from '../../node/model/config.ts'
import { readWeights } from '../../node/model/weights.ts'
import { tokenizerFromFiles } from '../../node/text/tokenizer.ts'
import { type ErrorCode, isOppuError, OppuError } from '../../protocol/errors.ts'
import { baseId } from '../../protocol/manifest.ts'
import {
  type GgufKeys,
  type GgufTensorData,
  temporaryFolder,
  tinyGguf,
  tinyGgufTensors,
  tinyKeys,
  tinyTokenizer,
  tinyWeights,
  writeGguf,
} from './tiny.ts'

async function importBytes(context: TestContext, bytes: Uint8Array) {
  const home = await temporaryFolder(context)
  const path = join(home, 'some.gguf')
  await writeFile(path, bytes)
  const manifest = await importBase(`file:${path}`, { home })
  return { manifest, base: await openBase(join(home, 'bases', baseId(manifest)), manifest) }
}

async function refuses(context: TestContext, bytes: Uint8Array, code: ErrorCode, naming: string) {
  await assert.rejects(importBytes(context, bytes), error => {
    assert.ok(isOppuError(error, code), `${code} expected, not ${String(error)}`)
    assert.ok(error.message.includes(naming), error.message)
    return true
  })
}

test('weights come out as they went in, q and k back in their order', async context => {
  const { base, manifest } = await importBytes(context, tinyGguf())
  const expected = tinyWeights()
  const weights = await readWeights(base.weights)
  assert.deepEqual([...weights.keys()].sort(), [...expected.keys()].sort())
  for (const [name, { data }] of expected) assert.deepEqual(weights.get(name), data, name)
  assert.equal(manifest.licence, 'mit')
  assert.equal(manifest.architecture, 'llama')
  assert.equal(base.config.headDim, 8)
})

test('tokenizer and template come from the metadata', async context => {
  const { base } = await importBytes(context, tinyGguf())
  const { json, config } = tinyTokenizer()
  const reference = tokenizerFromFiles(json, config)
  for (const text of ['the cat, then', ' 12 ½', 'é\u0085\uFEFFx', '']) {
    assert.deepEqual(base.tokenizer.encode(text), reference.encode(text))
    assert.equal(base.tokenizer.decode(base.tokenizer.encode(text)), text)
  }
  assert.deepEqual(base.tokenizer.encode('the', { specialTokens: true }), [259, 257])
  assert.equal(base.tokenizer.bosId, 259)
  assert.deepEqual(base.tokenizer.eosIds, [258])
  assert.equal(base.template.render([{ role: 'user', content: 'hi' }]), 'hi<|end|>')
})

test('a byte order mark at the beginning of a token is part of it', async context => {
  const keys = tinyKeys()
  const tokens = (keys['tokenizer.ggml.tokens'] as string[]).with(257, '\uFEFFth')
  const path = join(await temporaryFolder(context), 'marked.gguf')
  await writeFile(
    path,
    tinyGguf({ keys: { 'tokenizer.ggml.tokens': tokens, 'tokenizer.ggml.merges': ['t h'] } }),
  )
  const { metadata } = await readGguf(path)
  assert.deepEqual(metadata.strings('tokenizer.ggml.tokens'), tokens)
  tokenizerFromGguf(metadata) // and it is not the token without the mark a second time
})

test("the frequencies of Llama 3's rotary embedding are recognised by their factors, others refused", async context => {
  const factors = (factor: number) =>
    Float32Array.from({ length: 4 }, (_, i) => {
      const wavelength = 2 * Math.PI * 500_000 ** ((2 * i) / 8)
      if (wavelength < 8192 / 4) return 1
      if (wavelength > 8192) return factor
      const smooth = (8192 / wavelength - 1) / 3
      return 1 / ((1 - smooth) / factor + smooth)
    })
  const gguf = (values: Float32Array) =>
    tinyGguf({
      keys: { 'llama.rope.freq_base': 500_000 },
      tensors: [
        ...tinyGgufTensors(),
        { name: 'rope_freqs.weight', dims: [4], type: 0, bytes: new Uint8Array(values.slice().buffer) },
      ],
    })
  const { base } = await importBytes(context, gguf(factors(32)))
  assert.deepEqual((base.config as LlamaConfig).rope, {
    type: 'llama3',
    theta: 500_000,
    factor: 32,
    lowFrequencyFactor: 1,
    highFrequencyFactor: 4,
    originalMaxPositions: 8192,
  })
  await refuses(context, gguf(factors(5)), 'UNSUPPORTED_ARCHITECTURE', 'rope_freqs.weight')
})

test('cut anywhere, a GGUF is refused as truncated, or as none where not even its name is whole', async context => {
  const home = await temporaryFolder(context)
  const whole = tinyGguf()
  const { tensors } = await (async () => {
    const path = join(home, 'whole.gguf')
    await writeFile(path, whole)
    return await readGguf(path)
  })()
  const dataStart = Math.min(...[...tensors.values()].map(({ offset }) => offset))
  const cuts = new Set<number>([
    0,
    3,
    4,
    8,
    16,
    23,
    24,
    whole.length - 1,
    whole.length - 64,
    dataStart,
    dataStart + 1,
  ])
  for (let at = 25; at < dataStart; at += 97) cuts.add(at)
  for (let at = dataStart; at < whole.length; at += 9973) cuts.add(at)
  for (const cut of cuts) {
    const path = join(home, 'cut.gguf')
    await writeFile(path, whole.subarray(0, cut))
    await assert.rejects(importBase(`file:${path}`, { home }), error => {
      assert.ok(
        isOppuError(error, cut < 4 ? 'INVALID_DATA' : 'TRUNCATED_FILE'),
        `cut at ${cut}: ${String(error)}`,
      )
      return true
    })
  }
})

test('every flipped byte of the header gives a base or an OppuError, never another failure or a long wait', async context => {
  const home = await temporaryFolder(context)
  const whole = tinyGguf()
  const path = join(home, 'flipped.gguf')
  const started = performance.now()
  let refused = 0
  for (let at = 0; at < 6000; at += 37) {
    const bytes = Buffer.from(whole)
    bytes[at] = bytes[at]! ^ (at % 2 === 0 ? 0xff : 0x01)
    await writeFile(path, bytes)
    try {
      tokenizerFromGguf((await readGguf(path)).metadata)
    } catch (error) {
      assert.ok(error instanceof OppuError, `byte ${at}: ${String(error)}`)
      refused++
    }
  }
  assert.ok(refused > 20)
  assert.ok(performance.now() - started < 20_000)
})

test('counts that no file can hold are refused before anything is allocated', async context => {
  const front = (tensors: bigint, keys: bigint) => {
    const bytes = Buffer.alloc(4096)
    bytes.write('GGUF')
    bytes.writeUInt32LE(3, 4)
    bytes.writeBigUInt64LE(tensors, 8)
    bytes.writeBigUInt64LE(keys, 16)
    return bytes
  }
  const before = process.memoryUsage().rss
  await refuses(context, front(2n ** 63n, 1n), 'INVALID_DATA', 'tensors')
  await refuses(context, front(1n, 2n ** 40n), 'INVALID_DATA', 'keys')
  await refuses(context, front(60_000n, 1n), 'TRUNCATED_FILE', '')
  const hostile = tinyGguf()
  const at = hostile.indexOf('tokenizer.ggml.tokens') + 'tokenizer.ggml.tokens'.length
  for (const count of [2n ** 32n, 999_999n, 2n ** 64n - 1n]) {
    hostile.writeBigUInt64LE(count, at + 8)
    await assert.rejects(importBytes(context, hostile), error => error instanceof OppuError)
  }
  assert.ok(process.memoryUsage().rss - before < 400e6)
})

test('tensors that overlap, lie outside, are missing, left over, misshapen or repeated are named', async context => {
  const tensors = tinyGgufTensors()
  const without = (name: string) => tensors.filter(tensor => tensor.name !== name)
  const changed = (name: string, change: Partial<GgufTensorData>) =>
    tensors.map(tensor => (tensor.name === name ? { ...tensor, ...change } : tensor))
  const check = (changes: readonly GgufTensorData[], code: ErrorCode, naming: string) =>
    refuses(context, tinyGguf({ tensors: changes }), code, naming)
  await check(without('blk.1.attn_v.weight'), 'INVALID_DATA', 'model.layers.1.self_attn.v_proj.weight')
  await check(
    changed('blk.0.ffn_up.weight', { dims: [64, 32] }),
    'INVALID_DATA',
    'model.layers.0.mlp.up_proj.weight',
  )
  await check(
    [...tensors, { ...tensors[1]!, name: 'blk.0.ffn_gate_exps.weight' }],
    'UNSUPPORTED_ARCHITECTURE',
    'ffn_gate_exps',
  )
  await check([...tensors, tensors[0]!], 'INVALID_DATA', 'token_embd.weight')
  await check(changed('blk.0.attn_q.weight', { type: 10 }), 'UNSUPPORTED_QUANTIZATION', 'Q2_K')
  await check(changed('blk.0.attn_q.weight', { type: 77 }), 'UNSUPPORTED_QUANTIZATION', '77')
  await check(changed('blk.0.attn_q.weight', { type: 12 }), 'INVALID_DATA', 'blocks of 256')
  const overlapping = tinyGguf()
  const entry = overlapping.indexOf('blk.1.attn_k.weight') + 'blk.1.attn_k.weight'.length + 4 + 16 + 4
  overlapping.writeBigUInt64LE(0n, entry)
  await refuses(context, overlapping, 'INVALID_DATA', 'overlap')
  overlapping.writeBigUInt64LE(7n, entry)
  await refuses(context, overlapping, 'INVALID_DATA', 'not aligned')
  overlapping.writeBigUInt64LE(2n ** 50n, entry)
  await refuses(context, overlapping, 'TRUNCATED_FILE', '')
  overlapping.writeBigUInt64LE(2n ** 64n - 32n, entry)
  await refuses(context, overlapping, 'INVALID_DATA', 'blk.1.attn_k.weight')
})

test('what we cannot compute is refused by the name of its key', async context => {
  const check = (keys: GgufKeys, code: ErrorCode, naming: string) =>
    refuses(context, tinyGguf({ keys }), code, naming)
  await check({ 'general.architecture': 'mamba' }, 'UNSUPPORTED_ARCHITECTURE', 'mamba')
  await check({ 'llama.expert_count': 8 }, 'UNSUPPORTED_ARCHITECTURE', 'llama.expert_count')
  await check({ 'llama.rope.dimension_count': 4 }, 'UNSUPPORTED_ARCHITECTURE', 'llama.rope.dimension_count')
  await check({ 'llama.rope.scaling.type': 'yarn' }, 'UNSUPPORTED_ARCHITECTURE', 'yarn')
  await check({ 'llama.logit_scale': 2 }, 'UNSUPPORTED_ARCHITECTURE', 'llama.logit_scale')
  await check({ 'llama.attention.head_count_kv': [2, 2] }, 'INVALID_DATA', 'head_count_kv')
  await check({ 'tokenizer.ggml.model': 'bert' }, 'UNSUPPORTED_TOKENIZER', 'bert')
  await check({ 'tokenizer.ggml.pre': 'default' }, 'UNSUPPORTED_TOKENIZER', 'default')
  await check({ 'tokenizer.ggml.eos_token_id': 5000 }, 'INVALID_DATA', 'eos_token_id')
  await check({ 'tokenizer.ggml.merges': ['t h e'] }, 'INVALID_DATA', 't h e')
  await check({ 'split.count': 3 }, 'INVALID_DATA', 'split')
  const { 'tokenizer.ggml.pre': _, ...unnamed } = tinyKeys()
  await refuses(context, writeGguf(unnamed, tinyGgufTensors()), 'UNSUPPORTED_TOKENIZER', 'does not name')
})

test("Phi-3's markers swallow the white space after them, other models' do not", async context => {
  const tokens = ['<unk>', '<s>', '</s>', '<|user|>', '\u2581', 'a', '\n', '<0x0A>', '<0x20>']
  const keys = (architecture: string): GgufKeys => ({
    'general.architecture': architecture,
    'tokenizer.ggml.model': 'llama',
    'tokenizer.ggml.tokens': tokens,
    'tokenizer.ggml.scores': tokens.map((_, id) => -id),
    'tokenizer.ggml.token_type': [2, 3, 3, 3, 1, 1, 1, 6, 6],
    'tokenizer.ggml.add_space_prefix': false,
  })
  const encode = async (architecture: string, text: string) => {
    const path = join(await temporaryFolder(context), 'vocabulary.gguf')
    await writeFile(path, writeGguf(keys(architecture), tinyGgufTensors().slice(0, 1)))
    const { json, config } = tokenizerFromGguf((await readGguf(path)).metadata)
    return tokenizerFromFiles(json, config).encode(text)
  }
  assert.deepEqual(await encode('llama', '<|user|>\n a<s> a'), [3, 6, 4, 5, 1, 4, 5])
  assert.deepEqual(await encode('phi3', '<|user|>\n a<s> a'), [3, 5, 1, 4, 5])
})
