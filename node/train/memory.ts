/**
 * How much memory a run takes on the CPU before it has taken it: the process as it is, what the runtime needs for the
 * graph, the weights (mapped, or as they are repacked: the system counts one of the two), and the numbers that training
 * keeps in JavaScript; and how much there is to be had.
 *
 * What intermediate values take follows from the graph (`graph/footprint.ts`); the rest was measured (test/bench/README.md).
 */
import { freemem } from 'node:os'
import { bytesOf, type Execution, type Sizes } from '../graph/execution.ts'
import { footprint } from '../graph/footprint.ts'
import { elements } from '../model/weights.ts'
import type { OptimizerName } from './config.ts'
import type { Shapes } from './optimizer.ts'

/** The runtime with a session open, and what JavaScript grows by in any run. */
const SESSION = 60e6
/** A node of the graph, in the runtime and in JavaScript, with what building it leaves behind. */
const NODE = 16_500
/** Feeds of passes that are over are collected late. */
const FEEDS_HELD = 1.5
/** Copies of the parameters: themselves, gradients as a sum and of the last pass, and the adapter's file. */
const COPIES = 4
/** Numbers of state that an optimizer keeps for each parameter. */
const STATE: Readonly<Record<OptimizerName, number>> = { adamw: 2, lion: 1, adafactor: 0 }
/** Passes that are followed, the largest in each way. */
const FOLLOWED = 6

export interface Kept {
  readonly shapes: Shapes
  readonly optimizer: OptimizerName
  readonly isValidated: boolean
}

/** Peak resident bytes of this process, which has `resident` before the graph is built. */
export function peakMemory(
  execution: Execution,
  passes: readonly Sizes[],
  { shapes, optimizer, isValidated }: Kept,
  resident: number,
): number {
  const feeds = execution.inputs.filter(({ shape }) => shape.some(dim => typeof dim === 'string'))
  const fed = Math.max(...passes.map(sizes => feeds.reduce((sum, input) => sum + bytesOf(input, sizes), 0)))
  const parameters = 4 * [...shapes.values()].reduce((sum, shape) => sum + elements(shape), 0)
  const copies = COPIES + STATE[optimizer] + (isValidated ? 1 : 0)
  return (
    resident +
    SESSION +
    NODE * execution.steps.length +
    execution.weightBytes +
    footprint(execution, largest(passes)).written +
    FEEDS_HELD * fed +
    copies * parameters
  )
}

/** What the session adds that measures validation items; its weights are pages that the training session has mapped, too. */
export function measuringMemory(execution: Execution, passes: readonly Sizes[]): number {
  if (passes.length === 0) return 0
  return NODE * execution.steps.length + footprint(execution, largest(passes)).written
}

/** The passes that may take most, each once, in the order they come. */
function largest(passes: readonly Sizes[]): Sizes[] {
  const measures: readonly ((sizes: Sizes) => number)[] = [
    ({ tokens }) => tokens!,
    ({ labels }) => labels!,
    ({ rows, block, prefix }) => rows! * block! * (prefix! + 4 * block!),
  ]
  const chosen = new Set<Sizes>()
  for (const measure of measures) {
    const sorted = passes.toSorted((a, b) => measure(b) - measure(a))
    for (const sizes of sorted.slice(0, FOLLOWED / measures.length)) chosen.add(sizes)
  }
  return passes.filter(sizes => chosen.has(sizes))
}

/**
 * Resident bytes that this process, which has `resident`, can come to have. In a container that is its limit, not what is
 * left of it: pages of files, which the system gives up when they are needed, count as taken there.
 */
export function memoryToBeHad(resident: number): number {
  const limit = process.constrainedMemory()
  return Math.min(resident + freemem(), limit > 0 ? limit : Infinity)
}
