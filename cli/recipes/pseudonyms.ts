/**
 * Puts pseudonyms in place of people: names, mail addresses, hosts, links, telephone numbers.
 *
 * Systematic rather than clever: every word of every person's name in any From, To, Cc, Sender or Reply-To of the
 * whole corpus, every local part of their addresses, and every common English first name. The same word gives the
 * same pseudonym everywhere. This hides people from a reader; it does not anonymise: who has the public corpus can
 * find a text again.
 */
import { createHash } from 'node:crypto'
import type { Person } from './mail.ts'

const POOL = (
  'Ada Ben Carol Dan Erin Frank Grace Heidi Ivan Judy Ken Lena Mallory Nina Oscar Peggy Quinn Rupert Sybil Trent ' +
  'Ursula Victor Wendy Xander Yara Zoe Amos Bella Cyrus Della Edgar Flora Gideon Hazel Igor Jonas Kira Linus ' +
  'Mona Nora Otto Petra Rosa Silas Tessa Uma Vera Wilma Yusuf Zelda'
).split(' ')

/** First names that are more often something else here, and names of things that people's lists are full of. */
const KEEP = new Set(
  (
    'linux unix perl ruby java python debian gnome intel apple sun dell red gnu emacs lisp ada pascal berkeley ' +
    'microsoft windows windoze google yahoo sony compaq america europe england france ireland irish dublin paris ' +
    'london texas virginia georgia carolina florida washington israel iraq iran china india russia africa jesus ' +
    'christ god christian islam muslim april may june august monday friday sunday english french german ' +
    'spamassassin razor exmh fork ilug rpm apt sequences mailman sourceforge slashdot mozilla netscape mandrake ' +
    'suse slackware athlon pentium america american congress senate white black brown green long young king ' +
    'html dns devel iso guardian raid gui imho fox cert temp palm subscriber meta cnet divx royal lane wood bird ' +
    'announcements isa nat wolf mayor ive che sydney nic rip del uri cookie pine valued sterling norton iii storm ' +
    'min nix dawn ward wells darn damn settlement spike alerts nil prince lake org associates blogged mice assassin ' +
    'iff nessus shore hardy clay yahoogroups crystal bliss dare dtd bot cult flint candy bail advisories yard ' +
    'postmaster webmaster bearer ransom booth shocking libertarian governor shadow inn guest fortean bee gram angel ' +
    'sunshine stern chick worthy easter tuesday daily hat york mailer west north hello fool francisco institute ' +
    'motley ximian freebsd asia quicktime explorer bigfoot bay bugtraq effector forbes alberta labs catchup dallas ' +
    'geneva roman bayes oracle zdnet fort stanford austin darwin rice lug glory volunteer mill lion sunny isapnp sky web net ' +
    'internet yorker saskatchewan'
  ).split(' '),
)

export interface Pseudonyms {
  /** The text with every person in it replaced. */
  hide(text: string): string
  /** True for a line that holds nothing but names: the end of a letter. */
  isSignOff(line: string): boolean
  /** Whether the word is one of those replaced. */
  isName(word: string): boolean
}

/**
 * Learns whom to hide. `people` are all header entries; `firstNames` common first names; `texts` one string per
 * author, from which ordinary words are told: a name that four authors write in small letters ("mark", "will") is
 * replaced only beside another name or, if it is a common first name, inside a sentence and with a capital.
 * `fixed` gives chosen pseudonyms for whole names ("jane doe" -> "Alice").
 */
export function learnPseudonyms(options: {
  readonly people: Iterable<Person>
  readonly firstNames: readonly string[]
  readonly texts: Iterable<string>
  readonly fixed: ReadonlyMap<string, string>
  /** Names of people's own hosts ("example" of example.com), hidden where they stand as words too. */
  readonly hosts: readonly string[]
}): Pseudonyms {
  const ordinary = ordinaryWords(options.texts)
  const first = new Set(options.firstNames.map(name => name.toLowerCase()).filter(name => name.length > 2))
  const names = new Set<string>()
  for (const { name, address } of options.people) {
    const words = name.toLowerCase().match(/\p{L}{2,}/gu) ?? []
    if (words.length >= 1 && words.length <= 4) for (const word of words) names.add(word)
    const local =
      address
        .split('@')[0]!
        .toLowerCase()
        .match(/[a-z]{4,}/g) ?? []
    if (!/list|users|workers|group|admin|talk|devel/.test(address)) for (const word of local) names.add(word)
  }
  const chosen = new Map<string, string>()
  for (const [name, pseudonym] of options.fixed)
    for (const word of name.split(' ')) chosen.set(word, pseudonym)
  const hosts = options.hosts.length === 0 ? undefined : new RegExp(options.hosts.join('|'), 'gi')
  const pseudonymOf = (word: string): string =>
    chosen.get(word) ?? POOL[createHash('sha256').update(word).digest().readUInt32LE(0) % POOL.length]!

  // A first name nobody in the corpus bears is taken for one only where it has a capital.
  const isKnown = (word: string): boolean =>
    (names.has(word) && word.length > 2) || first.has(word) || chosen.has(word)
  const isName = (word: string): boolean => isKnown(word) && !KEEP.has(word) && !ordinary.has(word)

  function replaceWords(text: string): string {
    const words = [...text.matchAll(/\p{L}[\p{L}'’]*/gu)].map(match => {
      const bare = match[0].replace(/['’].*$/u, '')
      const lower = bare.toLowerCase()
      return {
        start: match.index,
        end: match.index + bare.length,
        bare,
        lower,
        name: isName(lower) && (bare !== lower || names.has(lower)),
      }
    })
    // A capital beside a name makes an ordinary word a name too: "John Hall", "J. Long".
    for (const [index, word] of words.entries()) {
      if (word.name || !/^\p{Lu}/u.test(word.bare) || KEEP.has(word.lower)) continue
      const before = words[index - 1]
      const after = words[index + 1]
      const touches = (a: { end: number } | undefined, b: { start: number } | undefined) =>
        a !== undefined && b !== undefined && /^ (?:\p{Lu}\. )?$/u.test(text.slice(a.end, b.start))
      const besideName =
        (before?.name === true && touches(before, word)) || (after?.name === true && touches(word, after))
      const inSentence = before !== undefined && /^[ ,]+$/.test(text.slice(before.end, word.start))
      const mostlyName = (ordinary.get(word.lower) ?? 0) < 0.6
      const isSurname =
        word.bare.length > 2 && before?.name === true && touches(before, word) && !ordinary.has(word.lower)
      word.name =
        (besideName && names.has(word.lower)) ||
        (inSentence && mostlyName && first.has(word.lower)) ||
        isSurname
    }
    let result = ''
    let at = 0
    for (let index = 0; index < words.length; index++) {
      const word = words[index]!
      if (!word.name) continue
      let last = word
      for (
        let next = words[index + 1];
        next?.name && /^[ .]+$/.test(text.slice(last.end, next.start));
        next = words[index + 1]
      ) {
        last = next
        index++
      }
      result += text.slice(at, word.start) + pseudonymOf(word.lower)
      at = last.end
    }
    return result + text.slice(at)
  }

  return {
    isName,
    isSignOff: line => {
      const words = line.toLowerCase().match(/\p{L}+/gu) ?? []
      return words.length > 0 && words.length <= 3 && words.every(word => isKnown(word) || word.length === 1)
    },
    hide: text =>
      hideAddresses(hosts === undefined ? text : text.replace(hosts, 'example'), pseudonymOf)
        .split(/(\S*(?:example\.org)\S*)/)
        .map((part, index) => (index % 2 === 1 ? part : replaceWords(part)))
        .join(''),
  }
}

const HOST =
  /\b(?:[a-z0-9_-]+\.)+(?:com|org|net|edu|gov|mil|info|biz|ie|uk|de|fr|ca|au|es|nl|se|fi|ch|us|jp|nz|no|dk|at|be|eu|pt|br|za|tv|cc|nu|to|is|cx|oz)\b(?::\d+)?/gi

function hideAddresses(text: string, pseudonymOf: (word: string) => string): string {
  return text
    .replace(/\b(?:https?|ftp|file|news|irc|telnet|rsync):\/\/[^\s<>"')\]]+/gi, 'http://example.org/')
    .replace(/<?\bmailto:\S+/gi, '')
    .replace(
      /[\w.+=%-]+@[\w.-]*\w/g,
      address => `${pseudonymOf(address.toLowerCase()).toLowerCase()}@example.org`,
    )
    .replace(/(?<!@)\bwww\.[^\s<>"')\]]+/gi, 'example.org')
    .replace(HOST, host => (host.toLowerCase().endsWith('example.org') ? host : 'example.org'))
    .replace(/example\.org(?:\/~?[\w.~/-]*\w)+/g, 'example.org')
    .replace(/\/home\/\w+/g, '/home/user')
    .replace(/(?<=^|[\s"'(])~\w+/g, '~user')
    .replace(/\b(?:\d{1,3}\.){3}\d{1,3}\b/g, '192.0.2.1')
    .replace(/\+\d[\d ().-]{7,}\d|\(?\b\d{3}\)?[ .-]\d{3}[ .-]\d{4}\b/g, '[phone]')
    .replace(/\b(?:[0-9A-F]{4}[ :]){4,}[0-9A-F: ]*|\b[0-9a-f]{24,}\b|\b\d{10,}\b/gi, '[number]')
}

/** Words that at least four authors write in small letters, and not only by exception -> share in small letters. */
function ordinaryWords(texts: Iterable<string>): Map<string, number> {
  const small = new Map<string, number>()
  const all = new Map<string, number>()
  const authors = new Map<string, number>()
  for (const text of texts) {
    const here = new Set<string>()
    for (const [word] of text.matchAll(/(?<![\w@./~<-])\p{L}+(?![\w@/~-])(?!\.\w)/gu)) {
      const lower = word.toLowerCase()
      all.set(lower, (all.get(lower) ?? 0) + 1)
      if (word !== lower) continue
      small.set(lower, (small.get(lower) ?? 0) + 1)
      here.add(lower)
    }
    for (const word of here) authors.set(word, (authors.get(word) ?? 0) + 1)
  }
  const ordinary = new Map<string, number>()
  for (const [word, count] of authors) {
    const share = small.get(word)! / all.get(word)!
    if (count >= 4 && share >= 0.3) ordinary.set(word, share)
  }
  return ordinary
}
