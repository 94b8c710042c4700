/**
 * Learns a byte-level BPE vocabulary from text (Sennrich et al. 2016, with GPT-2's bytes and word pattern)
 * and writes it as a Hugging Face `tokenizer.json`.
 *
 * It is for making a base's tokenizer, once; encoding and decoding are left to `@huggingface/tokenizers`
 * behind tokenizer.ts. A heap of pairs was tried on paper and rejected: one scan of the pair table per merge
 * costs seconds for a vocabulary of thousands, and the tie rule stays readable.
 */

/** GPT-2's word pattern: what the `ByteLevel` pre-tokenizer uses when `use_regex` is true. */
const WORD = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu

export interface BpeVocabulary {
  /** Token text in GPT-2's printable byte alphabet -> id: special tokens first, then the 256 bytes, then the merges. */
  readonly vocab: ReadonlyMap<string, number>
  /** Pairs in the order in which they are merged. */
  readonly merges: readonly (readonly [string, string])[]
  readonly specialTokens: readonly string[]
}

/** GPT-2's printable alphabet: one character for each byte, in byte order. */
export function byteAlphabet(): readonly string[] {
  const alphabet: string[] = []
  let next = 256
  for (let byte = 0; byte < 256; byte++) {
    const printable =
      (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || (byte >= 0xae && byte <= 0xff)
    alphabet.push(String.fromCodePoint(printable ? byte : next++))
  }
  return alphabet
}

/**
 * Trains on `texts`. The result is a function of the texts and the options alone: the most frequent pair is
 * merged first, and among equals the one whose left, then right, token is older.
 *
 * `vocabSize` counts everything (special tokens and bytes too); it is not reached when no pair is left that occurs
 * at least `minimumFrequency` times (2 unless told). Special tokens must not occur in the texts: they are ordinary
 * text here. Throws a TypeError when `vocabSize` leaves no room for the bytes.
 */
export function trainBpe(
  texts: Iterable<string>,
  options: {
    readonly vocabSize: number
    readonly specialTokens: readonly string[]
    readonly minimumFrequency?: number
  },
): BpeVocabulary {
  const { vocabSize, specialTokens, minimumFrequency = 2 } = options
  const alphabet = byteAlphabet()
  const tokens = [...specialTokens, ...alphabet]
  if (new Set(tokens).size !== tokens.length)
    throw new TypeError('special tokens must differ from each other and from single bytes')
  if (vocabSize < tokens.length) throw new TypeError(`vocabSize must be at least ${tokens.length}`)

  const words = countWords(texts, specialTokens.length)
  const pairs = new PairTable()
  for (const [index, word] of words.entries()) pairs.add(word, index, 1)

  const merges: [string, string][] = []
  const known = new Set(tokens)
  while (tokens.length < vocabSize) {
    const best = pairs.mostFrequent()
    if (best === undefined || best.count < minimumFrequency) break
    const { left, right } = best
    const text = tokens[left]! + tokens[right]!
    // The same text can be reached by two ways of merging; a vocabulary holds it once.
    let id = tokens.length
    if (known.has(text)) id = tokens.indexOf(text)
    else {
      tokens.push(text)
      known.add(text)
    }
    merges.push([tokens[left]!, tokens[right]!])
    for (const index of pairs.takeWordsWith(left, right)) {
      const word = words[index]!
      pairs.add(word, index, -1)
      word.tokens = mergePair(word.tokens, left, right, id)
      pairs.add(word, index, 1)
    }
  }
  return { vocab: new Map(tokens.map((token, id) => [token, id])), merges, specialTokens }
}

/** The vocabulary as the object that a Hugging Face `tokenizer.json` holds. */
export function bpeTokenizerJson(vocabulary: BpeVocabulary): Record<string, unknown> {
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true }
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: vocabulary.specialTokens.map((content, id) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: byteLevel,
    post_processor: null,
    decoder: byteLevel,
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(vocabulary.vocab),
      merges: vocabulary.merges.map(([left, right]) => `${left} ${right}`),
    },
  }
}

interface Word {
  tokens: number[]
  readonly count: number
}

function countWords(texts: Iterable<string>, firstByteId: number): Word[] {
  const counts = new Map<string, number>()
  for (const text of texts) {
    for (const [word] of text.matchAll(WORD)) counts.set(word, (counts.get(word) ?? 0) + 1)
  }
  const encoder = new TextEncoder()
  return Array.from(counts, ([word, count]) => ({
    tokens: Array.from(encoder.encode(word), byte => byte + firstByteId),
    count,
  }))
}

function mergePair(tokens: readonly number[], left: number, right: number, merged: number): number[] {
  const result: number[] = []
  for (let i = 0; i < tokens.length; i++) {
    if (tokens[i] === left && tokens[i + 1] === right) {
      result.push(merged)
      i++
    } else result.push(tokens[i]!)
  }
  return result
}

/** How often each pair of neighbours occurs, and in which words. A pair is one number: left * 2^26 + right. */
class PairTable {
  readonly #counts = new Map<number, number>()
  readonly #words = new Map<number, Set<number>>()

  add(word: Word, index: number, sign: 1 | -1): void {
    for (let i = 0; i + 1 < word.tokens.length; i++) {
      const key = word.tokens[i]! * 2 ** 26 + word.tokens[i + 1]!
      const count = (this.#counts.get(key) ?? 0) + sign * word.count
      if (count === 0) this.#counts.delete(key)
      else this.#counts.set(key, count)
      // A word that lost the pair stays listed: merging it again changes nothing.
      if (sign === 1) {
        const words = this.#words.get(key)
        if (words === undefined) this.#words.set(key, new Set([index]))
        else words.add(index)
      }
    }
  }

  mostFrequent(): { left: number; right: number; count: number } | undefined {
    let best: number | undefined
    let most = 0
    for (const [key, count] of this.#counts) {
      if (count > most || (count === most && best !== undefined && key < best)) {
        best = key
        most = count
      }
    }
    if (best === undefined) return undefined
    return { left: Math.floor(best / 2 ** 26), right: best % 2 ** 26, count: most }
  }

  /** The words that held the pair at some time; from here on they are listed again only when the pair comes back. */
  takeWordsWith(left: number, right: number): readonly number[] {
    const key = left * 2 ** 26 + right
    const words = this.#words.get(key)
    this.#words.delete(key)
    return words === undefined ? [] : [...words]
  }
}
