/**
 * From text to token ids and back, by a model's own `tokenizer.json`.
 *
 * The work is done by @huggingface/tokenizers; this file types what comes from outside, refuses what we do not
 * support, and repairs three places where that package departs from the reference implementation in Rust:
 *  - its byte-level splitter uses JavaScript's `\s`, which takes U+FEFF for a space and U+0085 for none;
 *  - its digit splitter knows the ASCII digits only, where the reference splits at every Unicode number ("½", "٣");
 *  - it cleans spaces before punctuation on decoding unless told not to; the reference's default is not to.
 * The first two are repaired by rewriting the pre-tokenizer as the `Split` it stands for, whose patterns the
 * package translates properly. What was rejected: an own BPE (the package's agrees with llama.cpp's vectors).
 * Making a tokenizer.json from a GGUF's metadata belongs to `base/`.
 */
import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers'
import { OppuError } from '../../protocol/errors.ts'
import { shieldOf } from './shield.ts'

export interface Tokenizer {
  /**
   * Token ids of `text`. Special tokens written out in the text are recognised always; `specialTokens` (default
   * false) adds those that the tokenizer puts around a text by itself, such as a beginning-of-sequence token.
   * Chat templates spell these out, so text from a template is encoded without, and with `covered` (default false)
   * where its contents went through `cover`: what was covered is then encoded as the letters that it is.
   */
  encode(text: string, options?: { readonly specialTokens?: boolean; readonly covered?: boolean }): number[]
  /**
   * Text from people, made safe to stand in a template: spellings of special tokens are replaced by stand-ins that
   * `encode` knows with `covered` (see shield.ts). Text without any comes back as it is.
   */
  cover(text: string): string
  /**
   * Text of `ids`; bytes that are no whole UTF-8 character become U+FFFD. `skipSpecialTokens` (default false)
   * leaves special tokens out. @throws TypeError for an id outside the vocabulary.
   */
  decode(ids: readonly number[], options?: { readonly skipSpecialTokens?: boolean }): string
  /** One more than the highest id. */
  readonly vocabSize: number
  /** Undefined where the tokenizer's configuration names none. */
  readonly bosId?: number
  /** Ids that end a text; empty where none is known. */
  readonly eosIds: readonly number[]
}

/** GPT-2's splitter; what `ByteLevel` with `use_regex` stands for. */
export const GPT2_PATTERN =
  "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"

type JsonObject = Readonly<Record<string, unknown>>

/**
 * Makes a tokenizer from the parsed `tokenizer.json` and `tokenizer_config.json` (or `{}`); `eosIds` adds ids that
 * end a text from elsewhere (`generation_config.json`).
 * @throws OppuError UNSUPPORTED_TOKENIZER for anything but BPE, INVALID_DATA where the files make no sense.
 */
export function tokenizerFromFiles(
  tokenizerJson: unknown,
  tokenizerConfig: unknown,
  options: { readonly eosIds?: readonly number[] } = {},
): Tokenizer {
  const json = objectOf(tokenizerJson, 'tokenizer.json')
  const config = objectOf(tokenizerConfig, 'tokenizer_config.json')
  const ids = tokenIds(json)
  const inner = read(json, config)
  const vocabSize = ids.values().reduce((highest, id) => Math.max(highest, id), 0) + 1
  const bosId = specialId(config.bos_token, ids)
  const eosIds = [specialId(config.eos_token, ids), ...(options.eosIds ?? [])].filter(id => id !== undefined)
  const shield = shieldOf(json, bosId === undefined ? eosIds : [bosId, ...eosIds])
  let guarded: HuggingFaceTokenizer | undefined
  return {
    encode(text, { specialTokens = false, covered = false } = {}) {
      if (!covered || !shield.isCovered(text))
        return inner.encode(text, { add_special_tokens: specialTokens }).ids
      if (specialTokens) throw new TypeError('text from a template spells its special tokens out')
      guarded ??= read(shield.guardedJson(), config)
      return guarded.encode(shield.uncover(text), { add_special_tokens: false }).ids
    },
    cover: text => shield.cover(text),
    decode(tokens, { skipSpecialTokens = false } = {}) {
      for (const id of tokens) {
        if (!Number.isInteger(id) || id < 0 || id >= vocabSize)
          throw new TypeError(`no token has the id ${id}`)
      }
      return tokens.length === 0 ? '' : inner.decode([...tokens], { skip_special_tokens: skipSpecialTokens })
    },
    vocabSize,
    ...(bosId === undefined ? {} : { bosId }),
    eosIds: [...new Set(eosIds)],
  }
}

function read(json: JsonObject, config: JsonObject): HuggingFaceTokenizer {
  try {
    const repaired = {
      normalizer: null,
      post_processor: null,
      decoder: null,
      added_tokens: [],
      ...json,
      pre_tokenizer: repairPreTokenizer(json.pre_tokenizer ?? null),
    }
    return new HuggingFaceTokenizer(repaired, { clean_up_tokenization_spaces: false, ...config })
  } catch (cause) {
    throw new OppuError('UNSUPPORTED_TOKENIZER', `this tokenizer is not supported: ${reason(cause)}`, {
      cause,
    })
  }
}

/** Every token's id, added ones included. */
function tokenIds(json: JsonObject): Map<string, number> {
  const model = objectOf(json.model, 'tokenizer.json: model')
  if ((model.type ?? 'BPE') !== 'BPE' || !('merges' in model))
    throw new OppuError(
      'UNSUPPORTED_TOKENIZER',
      `this tokenizer's model is ${String(model.type ?? 'untyped')}, not BPE`,
    )
  if (!Array.isArray(model.merges)) throw invalid('its merges are no list')
  const added = json.added_tokens ?? []
  if (!Array.isArray(added)) throw invalid('its added_tokens are no list')
  const ids = new Map<string, number>(
    Object.entries(objectOf(model.vocab, 'tokenizer.json: vocab')) as [string, number][],
  )
  for (const token of added) {
    const { content, id } = objectOf(token, 'tokenizer.json: an added token')
    if (typeof content !== 'string') throw invalid('an added token has no content')
    ids.set(content, id as number)
  }
  for (const [token, id] of ids) {
    if (!Number.isInteger(id) || id < 0 || id > MAX_TOKEN_ID)
      throw invalid(`token ${JSON.stringify(token.slice(0, 40))} has the id ${String(id)}`)
  }
  if (ids.size === 0) throw invalid('its vocabulary is empty')
  return ids
}

/** Beyond any real vocabulary; keeps a hostile file from making us allocate by id. */
const MAX_TOKEN_ID = 4_000_000

/** A special token in tokenizer_config.json is a string or an object with its `content`. */
function specialId(token: unknown, ids: ReadonlyMap<string, number>): number | undefined {
  const content = typeof token === 'object' && token !== null && 'content' in token ? token.content : token
  return typeof content === 'string' ? ids.get(content) : undefined
}

function repairPreTokenizer(pre: unknown): unknown {
  if (typeof pre !== 'object' || pre === null) return pre
  const { type, pretokenizers, ...rest } = pre as JsonObject
  if (type === 'Sequence' && Array.isArray(pretokenizers))
    return { ...pre, pretokenizers: pretokenizers.map(repairPreTokenizer) }
  if (type === 'Digits') return split(rest.individual_digits === true ? '\\p{N}' : '\\p{N}+')
  if (type === 'ByteLevel' && rest.use_regex !== false && rest.add_prefix_space !== true)
    return { type: 'Sequence', pretokenizers: [split(GPT2_PATTERN), { ...pre, use_regex: false }] }
  return pre
}

function split(pattern: string): JsonObject {
  return { type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false }
}

function objectOf(value: unknown, what: string): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new OppuError('INVALID_DATA', `bad tokenizer: ${what} is not an object`)
  return value as JsonObject
}

function invalid(detail: string): OppuError {
  return new OppuError('INVALID_DATA', `bad tokenizer.json: ${detail}`)
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
