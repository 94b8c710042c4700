/**
 * How much work a model is, in seconds of a machine that does not exist: products at one rate, products in 8 bits at
 * another, and all else as fast as memory. What matters is how that grows with the sizes of a run; how many of a real
 * machine's seconds one of these is must be measured, on a piece of the same work.
 */
import { bytesOf, countOf, type Execution, type Sizes, type Slot, type Step, sizeOf } from './execution.ts'

/**
 * Operations a second; bytes a second, of all that a node reads and writes, of the second side of a product in floats,
 * which is repacked, and of what a run gives back, which is copied. Those of a core of a server of 2024, by the runtime's
 * profile; only their ratios matter.
 */
const RATE = { product: 110e9, byteProduct: 340e9, memory: 25e9, repacking: 3e9, returning: 1.3e9 }
/** Seconds that a node takes however small it is. */
const CALL = 4e-6

const PRODUCTS: ReadonlyMap<string, number> = new Map([
  ['MatMul', RATE.product],
  ['FusedMatMul', RATE.product],
  ['Gemm', RATE.product],
  ['MatMulIntegerToFloat', RATE.byteProduct],
])
/** Ops that only look at their input. */
const FREE: ReadonlySet<string> = new Set(['Reshape', 'Squeeze', 'Unsqueeze', 'Shape'])
/** Ops that read of their first input no more than they make. */
const PICKING: ReadonlySet<string> = new Set(['Gather', 'GatherElements', 'Slice'])

export class Effort {
  /** Steps that differ in names only are there once, with their number. */
  readonly #kinds: readonly { readonly step: Step; readonly count: number }[]

  readonly #returned: readonly Slot[]

  /** Of what a run does for these outputs; default: all. */
  constructor(execution: Pick<Execution, 'steps' | 'outputs'>, names?: readonly string[]) {
    const { steps, outputs } = names === undefined ? execution : toward(execution, new Set(names))
    this.#returned = outputs
    const kinds = new Map<string, { step: Step; count: number }>()
    for (const step of steps) {
      const shapes = [...step.inputs, ...step.outputs].map(({ width, shape }) => `${width} ${shape.join()}`)
      const key = [step.op, step.settings.get('transA'), ...shapes].join(';')
      const known = kinds.get(key)
      if (known === undefined) kinds.set(key, { step, count: 1 })
      else known.count++
    }
    this.#kinds = [...kinds.values()]
  }

  /** Of one run, in imagined seconds. */
  of(sizes: Sizes): number {
    const computing = this.#kinds.reduce((sum, { step, count }) => sum + count * secondsOf(step, sizes), 0)
    return computing + bytesIn(this.#returned, sizes) / RATE.returning
  }
}

/** The steps that these outputs follow from. */
function toward(
  { steps, outputs }: Pick<Execution, 'steps' | 'outputs'>,
  names: ReadonlySet<string>,
): Pick<Execution, 'steps' | 'outputs'> {
  const needed = new Set(names)
  const kept = steps.toReversed().filter(step => {
    if (!step.outputs.some(({ name }) => needed.has(name))) return false
    for (const { name } of step.inputs) needed.add(name)
    return true
  })
  return { steps: kept.reverse(), outputs: outputs.filter(({ name }) => names.has(name)) }
}

function secondsOf({ op, inputs, outputs, settings }: Step, sizes: Sizes): number {
  if (FREE.has(op)) return CALL
  const [first, ...rest] = inputs
  const read = PICKING.has(op) ? bytesIn([...outputs, ...rest], sizes) : bytesIn(inputs, sizes)
  const moved = CALL + (read + bytesIn(outputs, sizes)) / RATE.memory
  const rate = PRODUCTS.get(op)
  if (rate === undefined) return moved
  const inner = first!.shape.at(settings.get('transA') === 1 ? -2 : -1)!
  const repacked = rate === RATE.product ? bytesIn(rest.slice(0, 1), sizes) : 0
  const operations = 2 * countOf(outputs[0]!, sizes) * sizeOf(inner, sizes)
  return moved + operations / rate + repacked / RATE.repacking
}

function bytesIn(slots: readonly Slot[], sizes: Sizes): number {
  return slots.reduce((sum, slot) => sum + bytesOf(slot, sizes), 0)
}
