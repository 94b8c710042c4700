/** Sessions: weights from a file, one session for every shape, devices, order, abort, close, and errors by code. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmod, mkdir, mkdtemp, open, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { DEVICE_CHOICES } from '../../node/graph/device.ts'
import { gradients } from '../../node/graph/gradient.ts'
import { Graph, type Value } from '../../node/graph/graph.ts'
import * as op from '../../node/graph/ops.ts'
import { GraphSession, probeDevices } from '../../node/graph/session.ts'
import { type Tensor, tensor, tensorOf, toNumbers } from '../../node/graph/tensor.ts'
import { isOppuError } from '../../protocol/errors.ts'
import { blockShapes, causalMask, decoderBlock, rotations } from './decoder-block.ts'
import { random } from './gradient-case.ts'

const code = (wanted: string) => (error: unknown) => isOppuError(error) && error.code === wanted

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'oppu-graph-'))
  t.after(() => rm(path, { recursive: true, force: true }))
  return path
}

/** y = x wᵀ with w [2, 3] at an offset of a file. */
function linear(path: string, offset: number): Graph {
  const graph = new Graph()
  const x = graph.input('x', 'float32', ['batch', 3])
  const w = graph.weight('w', 'float32', [2, 3], { path, offset, length: 24 })
  graph.output('y', op.matMul(x, w, { transB: true }))
  return graph
}

const weights = new Uint8Array(Float32Array.of(1, 2, 3, 4, 5, 6).buffer)
const row = { x: tensorOf('float32', [1, 3], [1, 10, 100]) }

describe('weights in a file', () => {
  for (const [text, offset] of [
    ['at the start', 0],
    ['at an odd offset', 13],
    ['beyond 4 GB', 2 ** 32 + 20],
  ] as const) {
    test(text, async t => {
      const path = join(await folder(t), 'weights of a base.f32')
      await using file = await open(path, 'w')
      await file.write(weights, 0, weights.length, offset)
      await using session = await GraphSession.open(linear(path, offset), { device: 'cpu' })
      const { y } = await session.run(row)
      assert.deepEqual(toNumbers(y!), [321, 654])
    })
  }

  test('the folder may be read-only, and nothing is left in it', async t => {
    const path = await folder(t)
    const file = join(path, 'w.f32')
    await writeFile(file, weights)
    await chmod(path, 0o500)
    await using session = await GraphSession.open(linear(file, 0), { device: 'cpu' })
    await session.run(row)
    assert.deepEqual(await readdir(path), ['w.f32'])
  })

  test('a relative path is one of the working directory', async t => {
    const path = join(await folder(t), 'w.f32')
    await writeFile(path, weights)
    const steps = process
      .cwd()
      .split('/')
      .filter(Boolean)
      .map(() => '..')
    await using session = await GraphSession.open(linear(join(...steps, path), 0), { device: 'cpu' })
    assert.deepEqual(toNumbers((await session.run(row)).y!), [321, 654])
  })

  test('a graph may read from several files, in folders of one another', async t => {
    const outer = await folder(t)
    await mkdir(join(outer, 'files'))
    const paths = [join(outer, 'a.f32'), join(outer, 'files', 'b.f32')]
    for (const path of paths) await writeFile(path, weights)
    const graph = new Graph()
    const x = graph.input('x', 'float32', ['batch', 3])
    for (const [i, path] of paths.entries()) {
      const w = graph.weight(`w${i}`, 'float32', [2, 3], { path, offset: 0, length: 24 })
      graph.output(`y${i}`, op.matMul(x, w, { transB: true, alpha: i + 1 }))
    }
    await using session = await GraphSession.open(graph, { device: 'cpu' })
    const { y0, y1 } = await session.run(row)
    assert.deepEqual([...toNumbers(y0!), ...toNumbers(y1!)], [321, 654, 642, 1308])
  })

  test('missing and truncated files have their codes', async t => {
    const path = join(await folder(t), 'w.f32')
    await assert.rejects(GraphSession.open(linear(path, 0), { device: 'cpu' }), code('NOT_FOUND'))
    await writeFile(path, weights.subarray(0, 20))
    await assert.rejects(GraphSession.open(linear(path, 0), { device: 'cpu' }), code('TRUNCATED_FILE'))
  })
})

describe('runs', () => {
  test('one session takes every size of its symbols, zero rows included', async () => {
    const graph = new Graph()
    const x = graph.input('x', 'float32', ['batch', 'seq'])
    const flat = op.reshape(x, ['batch*seq'])
    graph.output('y', op.reshape(op.mul(flat, flat), ['seq', 'batch']))
    await using session = await GraphSession.open(graph, { device: 'cpu' })
    for (const dims of [
      [2, 3],
      [1, 1],
      [5, 2],
      [0, 4],
      [2, 3],
    ]) {
      const values = Array.from({ length: dims[0]! * dims[1]! }, (_, i) => i)
      const { y } = await session.run({ x: tensorOf('float32', dims, values) })
      assert.deepEqual(y!.dims, [dims[1], dims[0]])
      assert.deepEqual(
        toNumbers(y!),
        values.map(v => v * v),
      )
    }
  })

  test('results are in order of the calls, and belong to the caller', async () => {
    const graph = new Graph()
    const x = graph.input('x', 'float32', [2])
    graph.output('y', op.add(x, x))
    graph.output('same', x)
    await using session = await GraphSession.open(graph, { device: 'cpu' })
    const order: number[] = []
    const feeds = [1, 2, 3].map(value => tensorOf('float32', [2], [value, value]))
    const results = await Promise.all(
      feeds.map(async (x, i) => {
        const result = await session.run({ x })
        order.push(i)
        return result
      }),
    )
    assert.deepEqual(order, [0, 1, 2])
    assert.deepEqual(
      results.map(({ y }) => toNumbers(y!)),
      [
        [2, 2],
        [4, 4],
        [6, 6],
      ],
    )
    feeds[0]!.data.fill(9 as never)
    assert.deepEqual(toNumbers(results[0]!.same!), [1, 1])
    assert.deepEqual(Object.keys(await session.run({ x: feeds[1]! }, { outputs: ['same'] })), ['same'])
  })

  test('every element type goes in and out', async () => {
    const graph = new Graph()
    const feeds: Record<string, Tensor> = {
      float32: tensorOf('float32', [2], [1.5, -2]),
      float64: tensorOf('float64', [2], [1.5, -2]),
      float16: tensor('float16', [2], Uint16Array.of(0x3e00, 0xc000)),
      int64: tensorOf('int64', [2], [2 ** 40, -1]),
      int32: tensorOf('int32', [2], [7, -1]),
      uint8: tensorOf('uint8', [2], [255, 0]),
      bool: tensorOf('bool', [2], [1, 0]),
    }
    for (const [name, { dtype }] of Object.entries(feeds))
      graph.output(`${name} out`, op.identity(graph.input(name, dtype, ['n'])))
    graph.output('half', op.cast(graph.inputs.find(input => input.dtype === 'float16') as Value, 'float32'))
    await using session = await GraphSession.open(graph, { device: 'cpu' })
    const results = await session.run(feeds)
    for (const [name, given] of Object.entries(feeds)) assert.deepEqual(results[`${name} out`], given)
    assert.deepEqual(toNumbers(results.half!), [1.5, -2])
  })

  test('feeds and outputs that do not fit are TypeErrors', async () => {
    const graph = new Graph()
    const [x, y] = [graph.input('x', 'float32', ['n', 2]), graph.input('y', 'float32', ['n', 2])]
    graph.output('z', op.add(x, y))
    await using session = await GraphSession.open(graph, { device: 'cpu' })
    const good = tensorOf('float32', [1, 2], [1, 2])
    const refused: Record<string, Record<string, Tensor>> = {
      'one missing': { x: good },
      'one too many': { x: good, y: good, z: good },
      'another type': { x: good, y: tensorOf('float64', [1, 2], [1, 2]) },
      'another rank': { x: good, y: tensorOf('float32', [2], [1, 2]) },
      'another size': { x: good, y: tensorOf('float32', [1, 1], [1]) },
      'a symbol of two sizes': { x: good, y: tensorOf('float32', [2, 2], [1, 2, 3, 4]) },
    }
    for (const [text, feeds] of Object.entries(refused))
      await assert.rejects(session.run(feeds), TypeError, text)
    await assert.rejects(session.run({ x: good, y: good }, { outputs: ['w'] }), TypeError)
    assert.deepEqual(toNumbers((await session.run({ x: good, y: good })).z!), [2, 4])
  })

  test('an input that no output needs is still declared, and may be fed', async () => {
    const graph = new Graph()
    const x = graph.input('x', 'float32', ['n'])
    const seq = graph.input('rows', 'int64', ['m'])
    op.neg(op.cast(seq, 'float32'))
    graph.output('y', op.neg(x))
    await using session = await GraphSession.open(graph, { device: 'cpu' })
    const { y } = await session.run({
      x: tensorOf('float32', [1], [1]),
      rows: tensorOf('int64', [3], [1, 2, 3]),
    })
    assert.deepEqual(toNumbers(y!), [-1])
  })

  test('an index out of range is a runtime failure, and the session lives on', async () => {
    const graph = new Graph()
    const [table, at] = [graph.input('table', 'float32', ['n', 1]), graph.input('at', 'int64', ['m'])]
    graph.output('rows', op.gather(table, at))
    await using session = await GraphSession.open(graph, { device: 'cpu' })
    const rows = tensorOf('float32', [2, 1], [5, 6])
    await assert.rejects(
      session.run({ table: rows, at: tensorOf('int64', [1], [2]) }),
      code('RUNTIME_FAILURE'),
    )
    const { rows: y } = await session.run({ table: rows, at: tensorOf('int64', [1], [1]) })
    assert.deepEqual(toNumbers(y!), [6])
  })

  test('more memory than there is has its code, and the session lives on', async () => {
    const graph = new Graph()
    const x = graph.input('x', 'float32', ['n'])
    graph.input('any', 'int64', ['huge'])
    graph.output('y', op.reduceMax(op.expand(op.unsqueeze(x, [1]), ['n', 'n*n*n*huge']), [0, 1]))
    await using session = await GraphSession.open(graph, { device: 'cpu' })
    const feed = (count: number) => ({
      x: tensorOf(
        'float32',
        [count],
        Array.from({ length: count }, (_, i) => i),
      ),
      any: tensorOf('int64', [1], [0]),
    })
    await assert.rejects(session.run(feed(3000)), code('OUT_OF_MEMORY')) // 324 TB
    assert.deepEqual(toNumbers((await session.run(feed(2))).y!), [1])
  })

  test('the same feeds give the same bits', async () => {
    const size = { hidden: 32, heads: 4, kvHeads: 2, headDim: 8, ffn: 48 }
    const graph = new Graph()
    const next = random(1)
    const feeds: Record<string, Tensor> = {}
    const input = (name: string, dims: number[], shape: (number | string)[] = dims): Value => {
      const count = dims.reduce((a, b) => a * b)
      feeds[name] = tensorOf(
        'float32',
        dims,
        Array.from({ length: count }, () => next() - 0.5),
      )
      return graph.input(name, 'float32', shape)
    }
    const ids = (name: string, value: (i: number) => number): Value => {
      feeds[name] = tensorOf(
        'int64',
        [4, 64],
        Array.from({ length: 256 }, (_, i) => value(i)),
      )
      return graph.input(name, 'int64', ['batch', 'seq'])
    }
    const table = input('table', [50, 32])
    const w = Object.fromEntries(
      Object.entries(blockShapes(size)).map(([name, dims]) => [name, input(name, [...dims])]),
    )
    const x = op.gather(
      table,
      ids('tokens', () => Math.floor(50 * next() ** 2)),
    )
    const mask = causalMask(
      graph,
      ids('segments', i => (i % 64 > 40 ? 2 : 1)),
    )
    const y = decoderBlock(
      x,
      w,
      size,
      rotations(
        ids('positions', i => i % 64),
        8,
        'float32',
      ),
      mask,
    )
    const loss = op.sumAll(op.mul(y, y))
    const parameters = [table, ...Object.values(w)]
    for (const [i, gradient] of gradients(loss, parameters).entries())
      graph.output(`d ${parameters[i]!.name}`, gradient)
    const digests = new Set<string>()
    for (let opened = 0; opened < 2; opened++) {
      await using session = await GraphSession.open(graph, { device: 'cpu' })
      for (let ran = 0; ran < 4; ran++) {
        const hash = createHash('sha256')
        for (const { data } of Object.values(await session.run(feeds))) hash.update(data)
        digests.add(hash.digest('hex'))
      }
    }
    assert.equal(digests.size, 1)
  })
})

describe('devices', () => {
  test('auto takes a device that works, and accounts for those it passed over', async () => {
    const reports = await probeDevices()
    assert.ok(reports.some(({ device, usable }) => device === 'cpu' && usable))
    await using session = await GraphSession.open(doubling())
    const { device, reason, tried } = session.device
    assert.ok(
      reports.some(report => report.device === device && report.usable),
      device,
    )
    assert.ok(reason.length > 0)
    for (const { device, error } of tried) {
      assert.ok(error.length > 0)
      const usable = reports.some(report => report.device === device && report.usable)
      assert.equal(usable, /times as fast/.test(error), device)
    }
  })

  test('a device asked for by name is taken, or refused with its code', async () => {
    const usable = new Map((await probeDevices()).map(report => [report.device, report.usable]))
    for (const device of DEVICE_CHOICES.filter(choice => choice !== 'auto')) {
      if (usable.get(device)) {
        await using session = await GraphSession.open(doubling(), { device })
        assert.deepEqual(session.device, { device, reason: 'asked for', tried: [] })
      } else {
        await assert.rejects(GraphSession.open(doubling(), { device }), code('DEVICE_UNAVAILABLE'), device)
      }
    }
  })
})

function doubling(): Graph {
  const graph = new Graph()
  const x = graph.input('x', 'float32', ['n'])
  graph.output('y', op.add(x, x))
  return graph
}

const one = { x: tensorOf('float32', [1], [1]) }

describe('close and abort', () => {
  test('use after close has its code; close waits for runs, and may be called again', async () => {
    const session = await GraphSession.open(doubling(), { device: 'cpu' })
    const running = session.run(one)
    const closing = session.close()
    await assert.rejects(session.run(one), code('CLOSED'))
    await closing
    assert.deepEqual(toNumbers((await running).y!), [2])
    await session.close()
    await assert.rejects(session.run(one), code('CLOSED'))
  })

  test('an abort throws its own reason, before a run and while it waits in the queue', async () => {
    await using session = await GraphSession.open(doubling(), { device: 'cpu' })
    const reason = new Error('enough')
    await assert.rejects(
      GraphSession.open(doubling(), { signal: AbortSignal.abort(reason) }),
      error => error === reason,
    )
    await assert.rejects(session.run(one, { signal: AbortSignal.abort(reason) }), error => error === reason)
    const controller = new AbortController()
    const ahead = session.run(one)
    const waiting = session.run(one, { signal: controller.signal })
    controller.abort(reason)
    await assert.rejects(waiting, error => error === reason)
    assert.deepEqual(toNumbers((await ahead).y!), [2])
    assert.deepEqual(toNumbers((await session.run(one)).y!), [2])
  })
})

test('the runtime keeps no account of its use and sends none', async t => {
  const home = await folder(t)
  const script = join(home, 'script.ts')
  const session = new URL('../../node/graph/session.ts', import.meta.url)
  await writeFile(script, `import { probeDevices } from '${session}'\nawait probeDevices()\n`)
  // With its reports on, it writes to the cache and the temporary folder, and crashes on a long command line.
  const env = {
    ...process.env,
    HOME: home,
    XDG_CACHE_HOME: home,
    TMPDIR: home,
    ORT_DISABLE_TELEMETRY: undefined,
  }
  await promisify(execFile)(process.execPath, [script, 'x '.repeat(50_000)], { env })
  assert.deepEqual(await readdir(home), ['script.ts'])
})
