/**
 * A GGUF's tokenizer metadata to the `tokenizer.json` and `tokenizer_config.json` that it was once made from.
 *
 * Two kinds are read: `gpt2` (byte-level BPE; how text is split before merging is known by name only, so the names
 * we know stand in a table) and `llama` (SentencePiece BPE with byte fallback; merges follow from the scores, as
 * transformers derives them). An unknown or missing name is refused: a near miss would tokenize almost right,
 * which nobody notices. Rejected: llama.cpp's `default` splitter for files that name none.
 * Keys: ggml's docs/gguf.md; splitters: llama-vocab.cpp and the original tokenizer.json files.
 */
import { OppuError } from '../../protocol/errors.ts'
import { GPT2_PATTERN } from '../text/tokenizer.ts'
import type { GgufMetadata } from './gguf.ts'

export interface TokenizerFiles {
  /** As `tokenizer.json`, parsed. */
  readonly json: Readonly<Record<string, unknown>>
  /** As `tokenizer_config.json`, parsed; with the chat template where there is one. */
  readonly config: Readonly<Record<string, unknown>>
  /** Further ids that end a text. */
  readonly eosIds: readonly number[]
}

interface Splitter {
  /** Applied one after the other, each to the pieces of the one before. */
  readonly patterns: readonly string[]
  /** A piece that is a token as it stands is not merged. */
  readonly ignoreMerges?: boolean
  /** What `add_bos_token` is where the file does not say. */
  readonly addBos?: boolean
  readonly normalizer?: 'NFC'
}

const CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
const UPPER = '[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]'
const LOWER = '[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]'
const SPACES = '\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+'
const words = (digits: string) =>
  `${CONTRACTIONS}|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|${digits}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|${SPACES}`

const GPT2: Splitter = { patterns: [GPT2_PATTERN] }
const DIGITS_APART: Splitter = { patterns: ['\\p{N}', GPT2_PATTERN] }
const LLAMA3: Splitter = { patterns: [words('\\p{N}{1,3}')], ignoreMerges: true, addBos: true }
const TEKKEN: Splitter = {
  patterns: [
    `[^\\r\\n\\p{L}\\p{N}]?${UPPER}*${LOWER}+|[^\\r\\n\\p{L}\\p{N}]?${UPPER}+${LOWER}*` +
      `|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|${SPACES}`,
  ],
  ignoreMerges: true,
  addBos: true,
}

/** By `tokenizer.ggml.pre`. */
const SPLITTERS: Readonly<Record<string, Splitter>> = {
  'gpt-2': GPT2,
  olmo: GPT2,
  smollm: DIGITS_APART,
  starcoder: DIGITS_APART,
  refact: DIGITS_APART,
  'command-r': DIGITS_APART,
  llama3: LLAMA3,
  'llama-v3': LLAMA3,
  'llama-bpe': LLAMA3,
  falcon3: LLAMA3,
  'smaug-bpe': { patterns: LLAMA3.patterns },
  qwen2: { patterns: [words('\\p{N}')], normalizer: 'NFC' },
  'deepseek-r1-qwen': { patterns: [words('\\p{N}')], addBos: true },
  tekken: TEKKEN,
}

/** ggml's token types. */
const UNKNOWN = 2
const CONTROL = 3
const USER_DEFINED = 4
const BYTE = 6

const MAX_TOKENS = 1_000_000
/** Characters of one token: merges are looked for at every place in it. Real ones stay below 600. */
const MAX_TOKEN = 4096

/** @throws OppuError UNSUPPORTED_TOKENIZER naming what we do not know, INVALID_DATA where the metadata make no sense. */
export function tokenizerFromGguf(metadata: GgufMetadata): TokenizerFiles {
  const kind = metadata.string('tokenizer.ggml.model')
  if (kind !== 'gpt2' && kind !== 'llama')
    throw new OppuError(
      'UNSUPPORTED_TOKENIZER',
      `this GGUF's tokenizer is ${kind ?? 'missing'}; gpt2 and llama are supported`,
    )
  const tokens = metadata.strings('tokenizer.ggml.tokens') ?? []
  if (tokens.length === 0 || tokens.length > MAX_TOKENS) throw invalid(`there are ${tokens.length} tokens`)
  const longest = tokens.reduce((most, { length }) => Math.max(most, length), 0)
  if (longest > MAX_TOKEN) throw invalid(`a token has ${longest} characters`)
  const types = metadata.numbers('tokenizer.ggml.token_type') ?? []
  if (types.length !== 0 && types.length !== tokens.length)
    throw invalid('tokens and token types differ in number')
  if (new Set(tokens).size !== tokens.length) throw invalid('a token is there twice')
  const special = (key: string) => {
    const id = metadata.number(`tokenizer.ggml.${key}_token_id`)
    if (id !== undefined && tokens[id] === undefined)
      throw invalid(`${key}_token_id is ${id}, which is no token`)
    return id
  }
  const [bos, eos, eot, unknown] = [special('bos'), special('eos'), special('eot'), special('unknown')]
  const parts =
    kind === 'gpt2'
      ? byteLevel(metadata, tokens)
      : sentencePiece(metadata, tokens, types, unknown ?? types.indexOf(UNKNOWN))
  const addBos = metadata.flag('tokenizer.ggml.add_bos_token') ?? parts.addBos
  const addEos = metadata.flag('tokenizer.ggml.add_eos_token') ?? false
  const around = (id: number | undefined, wanted: boolean) =>
    wanted && id !== undefined ? [{ SpecialToken: { id: tokens[id]!, type_id: 0 } }] : []
  const template = metadata.string('tokenizer.chat_template')
  const isPhi = kind === 'llama' && metadata.string('general.architecture') === 'phi3'
  return {
    json: {
      added_tokens: tokens.flatMap((content, id) =>
        addedToken(content, id, types[id], isPhi && !PHI_UNSTRIPPED.has(content)),
      ),
      normalizer: parts.normalizer,
      pre_tokenizer: parts.preTokenizer,
      post_processor: {
        type: 'TemplateProcessing',
        single: [...around(bos, addBos), { Sequence: { id: 'A', type_id: 0 } }, ...around(eos, addEos)],
        pair: [],
      },
      decoder: parts.decoder,
      model: {
        type: 'BPE',
        vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
        ...parts.model,
      },
    },
    config: {
      clean_up_tokenization_spaces: false,
      add_bos_token: addBos,
      ...(bos === undefined ? {} : { bos_token: tokens[bos] }),
      ...(eos === undefined ? {} : { eos_token: tokens[eos] }),
      ...(template === undefined ? {} : { chat_template: template }),
    },
    eosIds: [eos, eot].filter(id => id !== undefined),
  }
}

interface TokenizerParts {
  readonly normalizer: unknown
  readonly preTokenizer: unknown
  readonly decoder: unknown
  readonly model: Readonly<Record<string, unknown>>
  readonly addBos: boolean
}

function byteLevel(metadata: GgufMetadata, tokens: readonly string[]): TokenizerParts {
  const name = metadata.string('tokenizer.ggml.pre')
  const splitter = name !== undefined && Object.hasOwn(SPLITTERS, name) ? SPLITTERS[name] : undefined
  if (splitter === undefined)
    throw new OppuError(
      'UNSUPPORTED_TOKENIZER',
      name === undefined
        ? 'this GGUF does not name its pre-tokenizer'
        : `this GGUF's pre-tokenizer ${JSON.stringify(name.slice(0, 60))} is not supported`,
    )
  const lines = metadata.strings('tokenizer.ggml.merges') ?? []
  if (lines.length > tokens.length * 4)
    throw invalid(`there are ${lines.length} merges for ${tokens.length} tokens`)
  const merges = lines.map(line => {
    const pair = line.split(' ')
    if (pair.length !== 2) throw invalid(`the merge ${JSON.stringify(line.slice(0, 60))} is no pair`)
    return pair
  })
  const byteLevelStep = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false }
  const split = (pattern: string) => ({
    type: 'Split',
    pattern: { Regex: pattern },
    behavior: 'Isolated',
    invert: false,
  })
  return {
    normalizer: splitter.normalizer === undefined ? null : { type: splitter.normalizer },
    preTokenizer: { type: 'Sequence', pretokenizers: [...splitter.patterns.map(split), byteLevelStep] },
    decoder: { type: 'ByteLevel' },
    model: { merges, ignore_merges: splitter.ignoreMerges ?? false },
    addBos: splitter.addBos ?? false,
  }
}

function sentencePiece(
  metadata: GgufMetadata,
  tokens: readonly string[],
  types: readonly number[],
  unknown: number,
): TokenizerParts {
  const scores = metadata.numbers('tokenizer.ggml.scores') ?? []
  if (scores.length !== tokens.length) throw invalid('tokens and scores differ in number')
  const prefix = metadata.flag('tokenizer.ggml.add_space_prefix') ?? true
  const toMeta = { type: 'Replace', pattern: { String: ' ' }, content: META }
  const fromMeta = { type: 'Replace', pattern: { String: META }, content: ' ' }
  return {
    normalizer: {
      type: 'Sequence',
      normalizers: [...(prefix ? [{ type: 'Prepend', prepend: META }] : []), toMeta],
    },
    preTokenizer: null,
    decoder: {
      type: 'Sequence',
      decoders: [
        fromMeta,
        { type: 'ByteFallback' },
        { type: 'Fuse' },
        ...(prefix ? [{ type: 'Strip', content: ' ', start: 1, stop: 0 }] : []),
      ],
    },
    model: {
      merges: mergesFromScores(tokens, scores, types),
      byte_fallback: true,
      fuse_unk: true,
      unk_token: tokens[unknown] ?? null,
    },
    addBos: true,
  }
}

/** SentencePiece's sign for a space. */
const META = '\u2581'

/**
 * Every way to make a token out of two others, best score first; equal scores by length of the left, then of the
 * right part, longest first (transformers' order).
 */
function mergesFromScores(
  tokens: readonly string[],
  scores: readonly number[],
  types: readonly number[],
): [string, string][] {
  const pieces = new Map<string, number>()
  tokens.forEach((token, id) => {
    const type = types[id]
    if (type !== UNKNOWN && type !== CONTROL && type !== BYTE) pieces.set(token, id)
  })
  const merges: { left: string; right: string; score: number; order: number }[] = []
  for (const [token, id] of pieces) {
    for (let cut = 1; cut < token.length; cut++) {
      const left = token.slice(0, cut)
      const right = token.slice(cut)
      if (pieces.has(left) && pieces.has(right))
        merges.push({ left, right, score: scores[id]!, order: pieces.get(left)! })
    }
    if (merges.length > MAX_MERGES) throw invalid('its tokens can be made in too many ways')
  }
  merges.sort(
    (a, b) =>
      b.score - a.score ||
      b.left.length - a.left.length ||
      b.right.length - a.right.length ||
      a.order - b.order,
  )
  return merges.map(({ left, right }) => [left, right])
}

const MAX_MERGES = 10_000_000

/** Phi-3's markers swallow white space that follows them, but for these; GGUF has no place for that, so llama.cpp knows it too. */
const PHI_UNSTRIPPED: ReadonlySet<string> = new Set(['<unk>', '<s>', '<|endoftext|>'])

function addedToken(content: string, id: number, type: number | undefined, rstrip: boolean): object[] {
  if (type !== CONTROL && type !== USER_DEFINED && type !== UNKNOWN) return []
  return [
    {
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip,
      normalized: false,
      special: type !== USER_DEFINED,
    },
  ]
}

function invalid(detail: string): OppuError {
  return new OppuError('INVALID_DATA', `bad GGUF tokenizer: ${detail}`)
}
