/**
 * Dimensions that may be known only at run time. A symbolic dimension is a polynomial over the names that graph
 * inputs introduce, written canonically ('seq', 'batch*seq', '4*batch', 'past+seq', 'seq+-1'), so that two
 * dimensions are equal exactly when their texts are; that is what lets one session serve every batch size and
 * still have shapes checked while the graph is built.
 *
 * Rejected: opaque fresh names for computed dimensions ('dim_17'), which would make `batch*seq` from two places
 * differ and leave every check to the runtime.
 */

/** A size, or the text of a polynomial over input symbols. */
export type Dim = number | string

export type Shape = readonly Dim[]

/** monomial ('' for the constant, 'a*b' with names sorted) -> coefficient, never 0 */
type Terms = ReadonlyMap<string, number>

const SYMBOL = /^[A-Za-z_][A-Za-z0-9_]*$/

export function isSymbol(text: string): boolean {
  return SYMBOL.test(text)
}

/** Splits a dimension into its terms. @throws TypeError on text that is not such a polynomial. */
export function termsOf(dim: Dim): Terms {
  const terms = new Map<string, number>()
  if (typeof dim === 'number') {
    if (!Number.isSafeInteger(dim)) throw new TypeError(`a dimension is an integer, not ${dim}`)
    return addTerm(terms, '', dim)
  }
  for (const part of dim.split('+')) {
    const factors = part.split('*')
    const names = factors.filter(isSymbol)
    const numbers = factors.filter(factor => /^-?\d+$/.test(factor))
    if (names.length + numbers.length < factors.length)
      throw new TypeError(`not a dimension: ${JSON.stringify(dim)}`)
    addTerm(
      terms,
      names.sort().join('*'),
      numbers.reduce((product, factor) => product * Number(factor), 1),
    )
  }
  return terms
}

function addTerm(terms: Map<string, number>, monomial: string, coefficient: number): Terms {
  const sum = (terms.get(monomial) ?? 0) + coefficient
  if (sum === 0) terms.delete(monomial)
  else terms.set(monomial, sum)
  return terms
}

function dimOf(terms: Terms): Dim {
  if (terms.size === 0) return 0
  if (terms.size === 1 && terms.has('')) return terms.get('') ?? 0
  const words = [...terms].map(([monomial, coefficient]) =>
    monomial === '' ? `${coefficient}` : coefficient === 1 ? monomial : `${coefficient}*${monomial}`,
  )
  return words.sort().join('+')
}

/** The canonical text (or number) of a dimension: equal dimensions become identical. */
export function canonicalDim(dim: Dim): Dim {
  return typeof dim === 'number' ? dim : dimOf(termsOf(dim))
}

export function canonicalShape(shape: Shape): Shape {
  return shape.map(canonicalDim)
}

export function addDims(a: Dim, b: Dim): Dim {
  const sum = new Map(termsOf(a))
  for (const [monomial, coefficient] of termsOf(b)) addTerm(sum, monomial, coefficient)
  return dimOf(sum)
}

export function subtractDims(a: Dim, b: Dim): Dim {
  return addDims(a, multiplyDims(b, -1))
}

export function multiplyDims(a: Dim, b: Dim): Dim {
  const product = new Map<string, number>()
  for (const [m1, c1] of termsOf(a)) {
    for (const [m2, c2] of termsOf(b)) {
      const names = [...m1.split('*'), ...m2.split('*')].filter(name => name !== '')
      addTerm(product, names.sort().join('*'), c1 * c2)
    }
  }
  return dimOf(product)
}

/** Number of elements as a dimension. */
export function sizeOf(shape: Shape): Dim {
  return shape.reduce(multiplyDims, 1)
}

/** True when both shapes hold the same number of elements whatever the symbols stand for. */
export function sameSize(a: Shape, b: Shape): boolean {
  const [restA, restB] = withoutCommon(a, b)
  return sizeOf(restA) === sizeOf(restB)
}

/** The dimension d with `sizeOf([...known, d]) = sizeOf(total)`, or undefined where there is no such polynomial. */
export function missingDim(total: Shape, known: Shape): Dim | undefined {
  const [restTotal, restKnown] = withoutCommon(total, known)
  return divideDims(sizeOf(restTotal), sizeOf(restKnown))
}

/** Exact quotient by a single term; enough once common factors are cancelled. */
function divideDims(a: Dim, b: Dim): Dim | undefined {
  if (a === b) return 1
  const divisor = [...termsOf(b)]
  const [only] = divisor
  if (divisor.length !== 1 || only === undefined) return undefined
  const [divisorMonomial, divisorCoefficient] = only
  const quotient = new Map<string, number>()
  for (const [monomial, coefficient] of termsOf(a)) {
    const names = monomial.split('*')
    for (const name of divisorMonomial.split('*')) {
      const at = names.indexOf(name)
      if (name === '') continue
      if (at < 0) return undefined
      names.splice(at, 1)
    }
    if (coefficient % divisorCoefficient !== 0) return undefined
    addTerm(quotient, names.join('*'), coefficient / divisorCoefficient)
  }
  return dimOf(quotient)
}

function withoutCommon(a: Shape, b: Shape): [Shape, Shape] {
  const restB = [...b]
  const restA = a.filter(dim => {
    const at = restB.indexOf(dim)
    if (at < 0) return true
    restB.splice(at, 1)
    return false
  })
  return [restA, restB]
}

/** NumPy broadcasting. @throws TypeError when the shapes do not fit. */
export function broadcastShapes(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length)
  return Array.from({ length: rank }, (_, axis) => {
    const dimA = a[axis - (rank - a.length)] ?? 1
    const dimB = b[axis - (rank - b.length)] ?? 1
    if (dimA === dimB || dimB === 1) return dimA
    if (dimA === 1) return dimB
    throw new TypeError(`shapes [${a.join(', ')}] and [${b.join(', ')}] do not broadcast`)
  })
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dim, axis) => dim === b[axis])
}

/** `axis` counted from the front. @throws TypeError outside the rank. */
export function normalAxis(axis: number, rank: number): number {
  const normal = axis < 0 ? axis + rank : axis
  if (!Number.isInteger(axis) || normal < 0 || normal >= rank)
    throw new TypeError(`no axis ${axis} in rank ${rank}`)
  return normal
}
