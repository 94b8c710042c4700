/**
 * Weight-decomposed low-rank adaptation (Liu et al., arXiv 2402.09353): y = m / n * (W x + s B A x) + b, with one magnitude
 * m and one norm n = |W + s B A| for every output.
 *
 * As in PEFT, n follows A and B but is a constant for the gradient (section 4.3 of the paper), and m starts as |W|, so
 * that step zero is the base exactly. n is found without making W + s B A, which is as large as W: row by row,
 * n² = |W|² + 2 s B·(W Aᵀ) + s² B·(B A Aᵀ). Sessions that serve adapters are fed m / n, found once for each
 * adapter; at every token it would cost more than the layer. Unlike PEFT's, dropout leaves W x alone.
 */
import { composite } from '../graph/composite.ts'
import { Graph, type Value } from '../graph/graph.ts'
import { add, div, identity, matMul, mul, reduceSum, scalarLike, sqrt, sub } from '../graph/ops.ts'
import type { Tensor } from '../graph/tensor.ts'
import type { ModelConfig } from '../model/config.ts'
import { frozenWeight } from '../model/frozen.ts'
import type { WeightFile } from '../model/weights.ts'
import {
  type AdapterMethod,
  adapterFiles,
  type LoadedAdapter,
  type ServedBase,
  tensorFeed,
} from './adapter.ts'
import { Dropout } from './dropout.ts'
import { NO_FRONT } from './front.ts'
import {
  anyFactors,
  chosenLora,
  dropped,
  factorFeeds,
  initialFactors,
  LORA_SCHEMA,
  loraName,
  loraShapes,
} from './lora.ts'
import { encodeLoraConfig, type LoraConfig, loraScaling, readLoraConfig } from './lora-config.ts'
import { parameterInputs, type Shapes, type Tensors } from './method.ts'
import { targetLayers } from './targets.ts'

/** PEFT's name of the magnitudes [out]; in its file they bear no `.weight`. */
function magnitudeName(path: string): string {
  return `base_model.model.${path}.lora_magnitude_vector`
}

function doraShapes(model: ModelConfig, config: Pick<LoraConfig, 'rank' | 'targets'>): Shapes {
  const magnitudes = targetLayers(model, config.targets).map(
    ({ path, shape: [out] }) => [magnitudeName(path), [out]] as const,
  )
  return new Map<string, readonly number[]>([...loraShapes(model, config), ...magnitudes])
}

export const dora: AdapterMethod = {
  isAdapter: true,
  schema: LORA_SCHEMA,
  learningRate: 1e-3,
  prepare(given, model) {
    const { config, options } = chosenLora('dora', given, model)
    const shapes = doraShapes(model, config)
    return {
      options,
      shapes,
      front: NO_FRONT,
      async initial(seed, weights) {
        const factors = initialFactors(loraShapes(model, config), seed)
        const norms = await layerNorms({ config: model, weights }, config, factors)
        return new Map([
          ...factors,
          ...[...norms].map(([path, norm]) => [magnitudeName(path), norm] as const),
        ])
      },
      attach(graph) {
        const parameters = parameterInputs(graph, shapes)
        const dropout = new Dropout(graph, config.dropout)
        const scaling = loraScaling(config)
        return {
          parameters,
          weights: new Map(),
          hooks: {
            linear(path, x, y, weight, bias) {
              const magnitude = parameters.get(magnitudeName(path))
              if (magnitude === undefined) return y
              const [a, b] = [parameters.get(loraName(path, 'A'))!, parameters.get(loraName(path, 'B'))!]
              const norm = constant(rowNorms(weight, a, b, scaling))
              return rescaled(y, dropped(dropout, path, x, a, b, scaling), div(magnitude, norm), bias)
            },
          },
          noise: (sizes, random) => dropout.draw(sizes, random),
        }
      },
      files: (tensors, baseId) =>
        adapterFiles(encodeLoraConfig(config, model, baseId), shapes, tensors, baseId),
    }
  },
  read(fields, model) {
    const config = readLoraConfig(fields, model)
    return { config, shapes: doraShapes(model, config) }
  },
  serve(graph, base, places) {
    const layers = targetLayers(base.config, places)
    const { update } = anyFactors(graph, layers)
    const ratios = new Map(
      layers.map(({ path, shape: [out] }) => [path, graph.input(ratioName(path), 'float32', [out])]),
    )
    const known = new WeakMap<LoadedAdapter, Promise<Record<string, Tensor>>>()
    const feedsOf = async (adapter: LoadedAdapter | undefined): Promise<Record<string, Tensor>> => {
      const factors = factorFeeds(layers, adapter, 'dora')
      const ratios =
        adapter === undefined ? new Map<string, Float32Array>() : await layerRatios(base, adapter)
      const scales = layers.map(({ path, shape: [out] }): [string, Tensor] => [
        ratioName(path),
        tensorFeed([out], ratios.get(path) ?? new Float32Array(out).fill(1)),
      ])
      return { ...factors, ...Object.fromEntries(scales) }
    }
    return {
      hooks: {
        linear(path, x, y, _weight, bias) {
          const ratio = ratios.get(path)
          return ratio === undefined ? y : rescaled(y, update(path, x)!, ratio, bias)
        },
      },
      async feeds(adapter) {
        if (adapter === undefined) return await feedsOf(adapter)
        const feeds = known.get(adapter) ?? feedsOf(adapter)
        known.set(adapter, feeds)
        return await feeds
      },
    }
  },
}

function ratioName(path: string): string {
  return `${path}.dora.ratio`
}

/** ratio * (y - b + u) + b, written so that with a ratio of 1 and u = 0 it is y to the bit. y, u [tokens, out]; ratio, b [out] */
function rescaled(y: Value, update: Value, ratio: Value, bias: Value | undefined): Value {
  const scaled = mul(add(y, update), ratio)
  return bias === undefined ? scaled : add(scaled, mul(sub(scalarLike(ratio, 1), ratio), bias))
}

/** |W + s B A| of each row, for W [out, in], A [rank, in], B [out, rank]. @returns [out] */
function rowNorms(weight: Value, a: Value, b: Value, scaling: number): Value {
  const own = reduceSum(mul(weight, weight), [1]) // [out]
  const cross = matMul(weight, a, { transB: true, alpha: 2 * scaling }) // [out, rank]
  const square = matMul(b, matMul(a, a, { transB: true, alpha: scaling ** 2 })) // [out, rank]
  return sqrt(add(own, reduceSum(mul(b, add(cross, square)), [1])))
}

/** The same value, through which no gradient flows. */
function constant(x: Value): Value {
  return composite(
    [],
    () => identity(x),
    () => [],
  )
}

/** m / n of each layer of an adapter, by path. */
async function layerRatios(base: ServedBase, adapter: LoadedAdapter): Promise<Map<string, Float32Array>> {
  const tensors = new Map([...adapter.tensors].map(([name, { data }]) => [name, data]))
  const norms = await layerNorms(base, adapter.config as LoraConfig, tensors)
  return new Map(
    [...norms].map(([path, norm]) => {
      const magnitude = tensors.get(magnitudeName(path))!
      return [path, norm.map((n, row) => magnitude[row]! / n)]
    }),
  )
}

/** |W + s B A| of each layer, by path, computed once by the same nodes as in training. */
async function layerNorms(
  base: { readonly config: ModelConfig; readonly weights: WeightFile },
  config: LoraConfig,
  factors: Tensors,
): Promise<Map<string, Float32Array>> {
  const graph = new Graph()
  const shapes = loraShapes(base.config, config)
  const inputs = parameterInputs(graph, shapes)
  const weight = frozenWeight(graph, base.weights)
  const layers = targetLayers(base.config, config.targets)
  for (const { path } of layers) {
    const [a, b] = [inputs.get(loraName(path, 'A'))!, inputs.get(loraName(path, 'B'))!]
    graph.output(path, rowNorms(weight(`${path}.weight`), a, b, loraScaling(config)))
  }
  // The runtime is large, and whoever only asks which methods there are need not wait for it.
  const { GraphSession } = await import('../graph/session.ts')
  await using session = await GraphSession.open(graph, {
    device: 'cpu',
  })
  const feeds = [...shapes].map(([name, shape]) => [name, tensorFeed(shape, factors.get(name)!)] as const)
  const norms = await session.run(Object.fromEntries(feeds))
  return new Map(layers.map(({ path }) => [path, norms[path]!.data as Float32Array]))
}
