/**
 * Keeps text that people wrote from passing for a base's own markers.
 *
 * A chat template spells its markers out (`<|im_end|>`), and encoding finds them in the rendered text, whoever wrote
 * them: a message that quotes one would end its own turn. So contents are covered before they are rendered: every
 * spelling of a special token becomes a stand-in that is none. Text with stand-ins goes to a second reading of the same
 * tokenizer, in which the markers are spelled with a mark before them: there the template's get that mark, and the
 * people's, spelled out again, are letters like any other. Text without stand-ins never meets any of this.
 *
 * Special are the tokens that the tokenizer calls so, and those that begin or end a text; others that were added
 * (`<think>`, runs of spaces) are words. Rejected: encoding contents apart from what surrounds them, which tokenizes the
 * borders differently; and cutting spellings out, which changes what was said.
 */

/** A noncharacter: Unicode keeps it for use inside a program, so a text from outside that has one loses nothing. */
const MARK = '\uFDD0'
/** A stand-in is the mark and a private character for each spelling, so that templates can neither trim nor match it. */
const FIRST_STAND_IN = 0xf0000
const STAND_IN = /\uFDD0[\u{F0000}-\u{FFFFD}]/u

type JsonObject = Readonly<Record<string, unknown>>

export interface Shield {
  /** `text` with stand-ins for spellings of special tokens; the same text where it has none. */
  cover(text: string): string
  isCovered(text: string): boolean
  /** Covered text as the guarded tokenizer reads it. */
  uncover(text: string): string
  /** The `tokenizer.json` in which special tokens are known with the mark before them only. */
  guardedJson(): JsonObject
}

/** `json` is a checked `tokenizer.json`; `ids` are special whatever it says of them. */
export function shieldOf(json: JsonObject, ids: readonly number[]): Shield {
  const added = (json.added_tokens ?? []) as readonly JsonObject[]
  const isSpecial = ({ special, id }: JsonObject) => special === true || ids.includes(id as number)
  const spellings = added
    .filter(isSpecial)
    .map(({ content }) => content as string)
    .filter(content => content !== '')
    .sort((a, b) => b.length - a.length) // of two that begin alike the longer is meant, as when encoding
  const places = new Map(spellings.map((spelling, place) => [spelling, place]))
  const pattern = spellings.map(spelling => spelling.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')).join('|')
  const known = pattern === '' ? /(?!)/gu : new RegExp(pattern, 'gu')
  const either = new RegExp(`\uFDD0[\u{F0000}-\u{FFFFD}]?${pattern === '' ? '' : `|${pattern}`}`, 'gu')
  return {
    cover: text =>
      text.replace(known, spelling => MARK + String.fromCodePoint(FIRST_STAND_IN + places.get(spelling)!)),
    isCovered: text => STAND_IN.test(text),
    // One pass: nothing that comes out is looked at again, so no text can put a mark before a marker.
    uncover: text =>
      text.replace(either, found =>
        found.startsWith(MARK)
          ? (spellings[(found.codePointAt(1) ?? 0) - FIRST_STAND_IN] ?? '\uFFFD')
          : MARK + found,
      ),
    guardedJson: () => guarded(json, isSpecial),
  }
}

function guarded(json: JsonObject, isSpecial: (token: JsonObject) => boolean): JsonObject {
  const added = (json.added_tokens ?? []) as readonly JsonObject[]
  const model = json.model as JsonObject
  const vocab = { ...(model.vocab as Record<string, number>) }
  for (const { content } of added.filter(isSpecial))
    if (content !== model.unk_token) delete vocab[content as string]
  return {
    ...json,
    added_tokens: added.map(token =>
      // Found before normalizing: a normalizer that writes something before each text would hide the rest of them.
      isSpecial(token) ? { ...token, content: `${MARK}${String(token.content)}`, normalized: false } : token,
    ),
    model: { ...model, vocab },
  }
}
