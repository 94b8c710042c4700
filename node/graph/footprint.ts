/**
 * How much memory the runtime takes for what a model computes, on the CPU: what `session.ts` asks of ONNX Runtime 1.30,
 * done without the numbers.
 *
 * Two things decide, and both are followed step by step. The plan: when a value has been read for the last time, its
 * memory goes to the next value of the same shape and width, and is held in between. The arena that memory comes from: it
 * grows by regions, each twice the one before, gives the smallest free piece that is large enough, whole unless half of
 * it would be left, and never shrinks. Checked against the runtime's own account, to the byte (test/graph/footprint.test.ts).
 */
import { bytesOf, type Execution, type Sizes, type Slot, type Step } from './execution.ts'

/** Ops whose output is their input's memory. */
const VIEWS: ReadonlySet<string> = new Set(['Reshape', 'Squeeze', 'Unsqueeze', 'Identity'])
/** Ops that write onto an input which nothing reads afterwards. */
const IN_PLACE: ReadonlySet<string> = new Set(['Sigmoid', 'Tanh', 'ScatterElements'])

/** Bytes that the runtime has for intermediate values and outputs; weights and inputs are not in it. */
export interface Footprint {
  /** At most in use at once. */
  readonly inUse: number
  /** Ever written to, which is what the system counts as resident. */
  readonly written: number
  /** Taken from the system. */
  readonly held: number
}

/** After runs of these sizes, one after the other. */
export function footprint(execution: Execution, runs: readonly Sizes[]): Footprint {
  const plan = planOf(execution)
  const arena = new Arena()
  for (const sizes of runs) {
    for (const { scratch, made, ended } of plan) {
      const taken = scratch.map(slot => arena.take(bytesOf(slot, sizes)))
      for (const buffer of made) buffer.piece = arena.take(bytesOf(buffer.slot, sizes))
      for (const piece of taken) arena.release(piece)
      for (const buffer of ended) arena.release(buffer.piece)
    }
  }
  const { mostInUse: inUse, written, held } = arena
  return { inUse, written, held }
}

/** Memory that one value has, and then others. */
interface Buffer {
  readonly slot: Slot
  /** Reads that are still to come of the value that has it. */
  reads: number
  piece?: Piece | undefined
}

interface Moment {
  /** What the kernel takes for itself. */
  readonly scratch: readonly Slot[]
  readonly made: Buffer[]
  readonly ended: Buffer[]
}

function planOf({ steps, outputs }: Execution): Moment[] {
  const reads = new Map<string, number>()
  for (const { inputs } of steps) for (const { name } of inputs) reads.set(name, (reads.get(name) ?? 0) + 1)
  const isOutput = new Set(outputs.map(({ name }) => name))
  const buffers = new Map<string, Buffer>()
  const free = new Map<string, Buffer[]>()
  const last = new Map<Buffer, number>()
  const moments = steps.map((step, at): Moment => {
    const made: Buffer[] = []
    for (const [index, output] of step.outputs.entries()) {
      const further = reads.get(output.name) ?? 0
      let buffer: Buffer | undefined
      if (!isOutput.has(output.name)) {
        buffer = viewed(step, index, buffers)
        if (buffer === undefined && VIEWS.has(step.op)) continue // of a weight or an input
        buffer ??= output.shape.length === 0 ? undefined : free.get(kindOf(output))?.pop()
      }
      if (buffer === undefined) {
        buffer = { slot: output, reads: 0 }
        made.push(buffer)
      }
      buffer.reads += further
      buffers.set(output.name, buffer)
    }
    const touched = [...step.inputs, ...step.outputs].map(({ name }) => buffers.get(name))
    for (const { name } of step.inputs) {
      const buffer = buffers.get(name)
      if (buffer !== undefined) buffer.reads--
    }
    for (const buffer of new Set(touched)) {
      if (buffer === undefined) continue
      last.set(buffer, at)
      if (buffer.reads > 0 || isOutput.has(buffer.slot.name)) continue
      const kind = kindOf(buffer.slot)
      const known = free.get(kind)
      if (known === undefined) free.set(kind, [buffer])
      else known.push(buffer)
    }
    return { scratch: scratchOf(step), made, ended: [] }
  })
  for (const [buffer, at] of last)
    moments[isOutput.has(buffer.slot.name) ? moments.length - 1 : at]!.ended.push(buffer)
  return moments
}

/** The buffer of an input that the output takes over. */
function viewed(step: Step, index: number, buffers: ReadonlyMap<string, Buffer>): Buffer | undefined {
  const [input] = step.inputs
  if (index > 0 || input === undefined) return undefined
  const buffer = buffers.get(input.name)
  if (VIEWS.has(step.op)) return buffer
  const isFree = IN_PLACE.has(step.op) && buffer?.reads === 1
  return isFree && kindOf(input) === kindOf(step.outputs[0]!) ? buffer : undefined
}

function kindOf({ width, shape }: Slot): string {
  return `${width} ${shape.join()}`
}

/** `Where` picks from either side into a tensor of its own, and then adds these up. */
function scratchOf({ op, outputs: [output] }: Step): Slot[] {
  return op === 'Where' ? [output!, output!] : []
}

/** Pieces are multiples of this. */
const UNIT = 256
const PAGE = 4096
const FIRST_REGION = 2 ** 20
/** A piece is also divided when this much would be left. */
const WORTH_DIVIDING = 128 * 2 ** 20

interface Piece {
  readonly region: Region
  readonly from: number
  size: number
  isFree: boolean
  before: Piece | undefined
  after: Piece | undefined
}

interface Region {
  readonly order: number
  written: number
}

class Arena {
  readonly #regions: Region[] = []
  readonly #free: Piece[][] = []
  #next = FIRST_REGION
  #inUse = 0
  mostInUse = 0
  held = 0

  get written(): number {
    return this.#regions.reduce((sum, { written }) => sum + written, 0)
  }

  /** undefined for nothing. */
  take(bytes: number): Piece | undefined {
    if (bytes === 0) return undefined
    const size = UNIT * Math.ceil(bytes / UNIT)
    let piece = this.#smallest(size)
    if (piece === undefined) {
      this.#grow(size)
      piece = this.#smallest(size)!
    }
    remove(this.#bin(piece), piece)
    if (piece.size >= 2 * size || piece.size - size >= WORTH_DIVIDING) this.#divide(piece, size)
    piece.isFree = false
    this.#inUse += piece.size
    this.mostInUse = Math.max(this.mostInUse, this.#inUse)
    piece.region.written = Math.max(piece.region.written, PAGE * Math.ceil((piece.from + bytes) / PAGE))
    return piece
  }

  release(piece: Piece | undefined): void {
    if (piece === undefined) return
    piece.isFree = true
    this.#inUse -= piece.size
    if (piece.after?.isFree) {
      remove(this.#bin(piece.after), piece.after)
      join(piece, piece.after)
    }
    const { before } = piece
    if (before?.isFree) {
      remove(this.#bin(before), before)
      join(before, piece)
      insert(this.#bin(before), before)
    } else insert(this.#bin(piece), piece)
  }

  #grow(size: number): void {
    const isTooSmall = size > this.#next
    while (size > this.#next) this.#next *= 2
    const region = { order: this.#regions.length, written: 0 }
    this.#regions.push(region)
    this.held += this.#next
    const piece = { region, from: 0, size: this.#next, isFree: true, before: undefined, after: undefined }
    insert(this.#bin(piece), piece)
    if (!isTooSmall) this.#next *= 2
  }

  #divide(piece: Piece, size: number): void {
    const { region, from, after } = piece
    const rest = { region, from: from + size, size: piece.size - size, isFree: true, before: piece, after }
    if (after !== undefined) after.before = rest
    piece.after = rest
    piece.size = size
    insert(this.#bin(rest), rest)
  }

  #smallest(size: number): Piece | undefined {
    for (let bin = binOf(size); bin < this.#free.length; bin++) {
      const found = this.#free[bin]?.find(piece => piece.size >= size)
      if (found !== undefined) return found
    }
    return undefined
  }

  #bin({ size }: Piece): Piece[] {
    const at = binOf(size)
    const known = this.#free[at]
    if (known !== undefined) return known
    const bin: Piece[] = []
    this.#free[at] = bin
    return bin
  }
}

/** Free pieces lie in bins by the power of two below their size; from the last one on together. */
const LAST_BIN = 20

function binOf(size: number): number {
  return Math.min(LAST_BIN, Math.floor(Math.log2(size / UNIT)))
}

/** The smaller first, then the one that lies before. */
function insert(bin: Piece[], piece: Piece): void {
  const at = bin.findIndex(
    other =>
      other.size > piece.size ||
      (other.size === piece.size &&
        (other.region.order > piece.region.order ||
          (other.region === piece.region && other.from > piece.from))),
  )
  bin.splice(at < 0 ? bin.length : at, 0, piece)
}

function remove(bin: Piece[], piece: Piece): void {
  bin.splice(bin.indexOf(piece), 1)
}

function join(piece: Piece, next: Piece): void {
  piece.size += next.size
  piece.after = next.after
  if (next.after !== undefined) next.after.before = piece
}
