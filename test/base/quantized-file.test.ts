/** A base's weights in 8 and 4 bits: made from its own files, once, and without the float32 ones. */
import assert from 'node:assert/strict'
import { readdir, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { importBase } from '../../node/base/import.ts'
import { type OpenedBase, openBase } from '../../node/base/open.ts'
import { quantizedWeights, sourceOf } from '../../node/base/quantized-file.ts'
import { dequantize, type QuantizedPrecision, quantize4, quantize8 } from '../../node/model/quantized.ts'
import { readWeights } from '../../node/model/weights.ts'
import { isOppuError } from '../../protocol/errors.ts'
import { baseId } from '../../protocol/manifest.ts'
import { tinyBase } from '../model/bases.ts'
import { CONFIG, temporaryFolder, tinyGguf, writeFolder } from './tiny.ts'

const PRECISIONS = ['q8', 'q4'] as const

async function imported(context: TestContext, source: (home: string) => Promise<string>) {
  const home = await temporaryFolder(context)
  const manifest = await importBase(`file:${await source(home)}`, { home })
  const folder = join(home, 'bases', baseId(manifest))
  return { folder, open: (options = {}): Promise<OpenedBase> => openBase(folder, manifest, options) }
}

/** Every weight is what the float32 one comes to, and which are in how many bits. */
async function bitsOf(base: OpenedBase, exact: OpenedBase): Promise<Map<string, number>> {
  const [found, wanted] = [await readWeights(base.weights), await readWeights(exact.weights)]
  assert.deepEqual([...found.keys()], [...wanted.keys()])
  const bits = new Map<string, number>()
  for (const [name, values] of wanted) {
    const { blocks } = base.weights.tensors.get(name)!
    bits.set(name, blocks?.bits ?? 32)
    const quantize = blocks?.bits === 4 ? quantize4 : quantize8
    const rounded = blocks === undefined ? values : dequantize(quantize(values, blocks.size))
    assert.deepEqual(found.get(name), rounded, name)
  }
  return bits
}

for (const precision of PRECISIONS) {
  test(`${precision} of a folder: linear layers in blocks, vocabulary and values in 8 bits, all else as it is`, async context => {
    const { folder, open } = await imported(context, home => writeFolder(join(home, 'source')))
    const base = await open({ precision })
    assert.deepEqual((await readdir(folder)).sort(), [
      'checked',
      'files',
      'manifest',
      'outline',
      `weights.${precision}`,
    ])
    assert.equal(base.weights.quantized, precision)
    const bits = await bitsOf(base, await open())
    for (const [name, count] of bits) {
      const isKept = precision === 'q8' || /embed|lm_head|v_proj/.test(name)
      const wanted = /norm/.test(name) ? 32 : isKept ? 8 : 4
      assert.equal(count, wanted, name)
    }
    assert.equal(bits.get('lm_head.weight'), CONFIG.tie_word_embeddings ? undefined : 8)
  })

  test(`${precision} of a GGUF, whose heads lie in another order`, async context => {
    const { open } = await imported(context, async home => {
      await writeFile(join(home, 'some.gguf'), tinyGguf())
      return join(home, 'some.gguf')
    })
    await bitsOf(await open({ precision }), await open())
  })

  test(`${precision} made of the float32 file is the same to the byte`, async context => {
    const { folder, open } = await imported(context, home => writeFolder(join(home, 'source')))
    const { weights } = await open({ precision })
    const exact = await open()
    const other = await temporaryFolder(context)
    const source = { id: exact.id, config: exact.config, tensors: sourceOf(exact.weights) }
    const again = await quantizedWeights(other, precision, source)
    assert.deepEqual(await readFile(again.path), await readFile(weights.path))
    assert.equal(again.path, join(other, `weights.${precision}`))
    assert.equal(weights.path, join(folder, `weights.${precision}`))
  })
}

test('a matrix that its file has the other way round is turned', async context => {
  const base = await tinyBase()
  context.after(() => base.remove())
  const folder = await temporaryFolder(context)
  const name = 'model.layers.1.mlp.up_proj.weight'
  const tensors = new Map(sourceOf(base.weights))
  const source = { id: base.id, config: base.config, tensors }
  const straight = await quantizedWeights(folder, 'q4', source)
  const values = (await readWeights(straight, [name])).get(name)!
  const [rows, width] = base.weights.tensors.get(name)!.shape as [number, number]
  const turned = new Float32Array(values.length)
  const exact = base.values.get(name)!
  for (let r = 0; r < rows; r++) for (let c = 0; c < width; c++) turned[c * rows + r] = exact[r * width + c]!
  const path = join(folder, 'turned')
  await writeFile(path, turned)
  tensors.set(name, { file: path, offset: 0, shape: [rows, width], typeName: 'F32', transposed: true })
  await rm(straight.path)
  const again = await quantizedWeights(folder, 'q4', source)
  assert.deepEqual((await readWeights(again, [name])).get(name), values)
})

test('a matrix of an odd number of rows stays at 8 bits', async context => {
  const { open } = await imported(context, home =>
    writeFolder(join(home, 'source'), { config: { ...CONFIG, intermediate_size: 63 } }),
  )
  const bits = await bitsOf(await open({ precision: 'q4' }), await open())
  assert.equal(bits.get('model.layers.0.mlp.up_proj.weight'), 8)
  assert.equal(bits.get('model.layers.0.mlp.down_proj.weight'), 4)
})

test('the file is made once, made again when damaged, and never left half-made', async context => {
  const { folder, open } = await imported(context, home => writeFolder(join(home, 'source')))
  const reason = new Error('enough')
  for (const precision of PRECISIONS) {
    const controller = new AbortController()
    const aborted = open({ precision, signal: controller.signal, onProgress: () => controller.abort(reason) })
    await assert.rejects(aborted, reason)
  }
  assert.deepEqual((await readdir(folder)).sort(), ['checked', 'files', 'manifest', 'outline'])
  const made = async (precision: QuantizedPrecision) => {
    const told: [number, number][] = []
    await open({ precision, onProgress: (done: number, total: number) => told.push([done, total]) })
    for (const [done, total] of told) assert.ok(done <= total)
    return told.length > 0
  }
  for (const precision of PRECISIONS) {
    const file = join(folder, `weights.${precision}`)
    assert.equal(await made(precision), true)
    assert.equal(await made(precision), false)
    await truncate(file, (await stat(file)).size - 1)
    assert.equal(await made(precision), true)
    const bytes = await readFile(file)
    await writeFile(file, Buffer.concat([bytes.subarray(0, -32), Buffer.alloc(32)])) // another base's mark
    assert.equal(await made(precision), true)
    await symlink('/dev/full', `${file}.${process.pid}.tmp`)
    await rm(file)
    if (process.platform === 'linux')
      await assert.rejects(open({ precision }), error => isOppuError(error, 'DISK_FULL'))
    assert.equal(await made(precision), true)
  }
  // One precision's file under the other's name is not taken for it.
  await writeFile(join(folder, 'weights.q4'), await readFile(join(folder, 'weights.q8')))
  assert.equal(await made('q4'), true)
})

test('weights in blocks are no source for others', async context => {
  const { open } = await imported(context, home => writeFolder(join(home, 'source')))
  const { weights } = await open({ precision: 'q8' })
  assert.throws(() => sourceOf(weights), TypeError)
})
