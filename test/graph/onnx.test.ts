/** Model bytes: what is written, what is left out, and that the generated module is that of onnx.proto. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Device } from '../../node/graph/device.ts'
import { Graph } from '../../node/graph/graph.ts'
import { onnx } from '../../node/graph/onnx.pb.js'
import { encodeModel } from '../../node/graph/onnx.ts'
import * as op from '../../node/graph/ops.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

test('the checked-in module is what onnx.proto generates', async t => {
  const proto = await readFile(join(root, 'node/graph/onnx.proto'), 'utf8')
  const command = proto.match(/^\/\/ pbjs (.*)$/m)?.[1]?.split(' ') ?? []
  const folder = await mkdtemp(join(tmpdir(), 'oppu-pbjs-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const output = join(folder, 'onnx.pb.js')
  const words = command.map(word => (word === 'node/graph/onnx.pb.js' ? output : word))
  assert.ok(words.includes(output), 'onnx.proto gives the command')
  await promisify(execFile)(
    process.execPath,
    [join(root, 'node_modules/protobufjs-cli/bin/pbjs'), ...words],
    { cwd: root },
  )
  for (const name of ['onnx.pb.js', 'onnx.pb.d.ts']) {
    assert.equal(
      await readFile(join(folder, name), 'utf8'),
      await readFile(join(root, 'node/graph', name), 'utf8'),
      name,
    )
  }
})

test('only what the outputs need is written; weights are ranges of a file', () => {
  const graph = new Graph()
  const x = graph.input('x', 'float32', ['batch', 2])
  const offset = 5 * 2 ** 30
  const w = graph.weight('layer.weight', 'float32', [3, 2], { path: '/base/weights.f32', offset, length: 24 })
  graph.weight('unused.weight', 'float32', [1], { path: '/base/weights.f32', offset: 0, length: 4 })
  const y = op.matMul(x, w, { transB: true, alpha: 0.5 })
  op.exp(y)
  graph.output('y', y)
  const model = onnx.ModelProto.decode(encodeModel(graph, { weightFolder: '/base', device: 'cpu' }))
  assert.deepEqual(
    model.graph!.node!.map(node => node.opType),
    ['FusedMatMul', 'Identity'],
  )
  assert.deepEqual(
    model.graph!.initializer!.map(tensor => tensor.name),
    ['layer.weight'],
  )
  const entries = model.graph!.initializer![0]!.externalData!.map(({ key, value }) => [key, value])
  assert.deepEqual(entries, [
    ['location', 'weights.f32'],
    ['offset', String(offset)],
    ['length', '24'],
  ])
  assert.deepEqual(
    model.graph!.input!.map(input => input.name),
    ['x'],
  )
})

test('every value is written with its shape, so that the runtime can plan its memory', () => {
  const graph = new Graph()
  const x = graph.input('x', 'float32', ['batch', 'seq', 2])
  graph.output('y', op.exp(op.reshape(x, ['batch*seq', 2])))
  const { valueInfo } = onnx.ModelProto.decode(encodeModel(graph, { device: 'cpu' })).graph!
  const shapes = valueInfo!.map(({ type }) =>
    type!.tensorType!.shape!.dim!.map(dim => dim.dimParam || Number(dim.dimValue)),
  )
  assert.deepEqual(shapes, [
    ['batch*seq', 2],
    ['batch*seq', 2],
  ])
})

test('without FusedMatMul a product is Gemm, or Transpose, MatMul and Mul', () => {
  const graph = new Graph()
  const a = graph.input('a', 'float32', ['batch', 2, 3])
  const b = graph.input('b', 'float32', [4, 3])
  graph.output('batched', op.matMul(a, b, { transB: true, alpha: 2 }))
  graph.output('flat', op.matMul(op.reshape(a, [-1, 3]), b, { transB: true, alpha: 2 }))
  graph.output('plain', op.matMul(b, op.transpose(b, [1, 0])))
  const ops = (device: Device) =>
    onnx.ModelProto.decode(encodeModel(graph, { device }))
      .graph!.node!.map(node => node.opType)
      .filter(name => name !== 'Identity')
  assert.deepEqual(ops('cpu'), ['FusedMatMul', 'Reshape', 'FusedMatMul', 'Transpose', 'MatMul'])
  assert.deepEqual(ops('webgpu'), ['Transpose', 'MatMul', 'Mul', 'Reshape', 'Gemm', 'Transpose', 'MatMul'])
})

test('a graph without outputs is refused', () => {
  assert.throws(() => encodeModel(new Graph(), { device: 'cpu' }), TypeError)
})
