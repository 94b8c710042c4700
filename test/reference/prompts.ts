/**
 * Twenty texts that differ in what a tokenizer, a rotary embedding or an attention mask can get wrong: language,
 * script, digits, white space, code, markup, repetition, length from one token to some three hundred. The last
 * halves of the longer ones are what the training check learns.
 */
export const PROMPTS: readonly string[] = [
  'The capital of France is',
  'Once upon a time, in a village by the sea, there lived a fisherman who had never learned to swim.',
  '<|im_start|>user\nWrite a subject line for this message: The build fails on the new server because the disk is full.<|im_end|>\n<|im_start|>assistant\n',
  '<|im_start|>system\nYou answer in one word.<|im_end|>\n<|im_start|>user\nWhich planet is the largest?<|im_end|>\n<|im_start|>assistant\n',
  'def fibonacci(n):\n    """Return the n-th Fibonacci number."""\n    if n < 2:\n        return n\n',
  'SELECT users.name, COUNT(*) AS orders FROM users JOIN orders ON orders.user_id = users.id WHERE',
  '{"name": "Ada", "born": 1815, "languages": ["en", "fr"], "address": {"city":',
  '12 + 30 = 42\n17 + 25 = 42\n1000 - 958 = 42\n6 * 7 =',
  'Die Würde des Menschen ist unantastbar. Sie zu achten und zu schützen ist Verpflichtung aller staatlichen',
  "L'été dernier, nous avons traversé la forêt jusqu'à la rivière où l'eau était encore glacée.",
  '昔々、ある所に、お爺さんとお婆さんが住んでいました。',
  'Привет! Как дела? Сегодня мы говорим о погоде и о том,',
  'Emoji test 🎉🚀👩‍👩‍👧 and then plain words again, as if nothing had happened',
  '   \t\n\n  leading blanks,   inner    blanks,\ttabs\tand trailing blanks   ',
  'THE QUICK BROWN FOX JUMPS OVER THE LAZY DOG. the quick brown fox jumps over the lazy dog.',
  'https://example.org/a/b?c=d&e=%20f#g and mail@example.org, phone +49 30 1234567, on 2024-02-29 at 23:59:59.',
  'a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a',
  'x',
  `Roses are red,\nViolets are blue,\nSugar is sweet,\nAnd so are you.\n\nThe sea is wide,\nThe hills are steep,\n`,
  'A letter from the archive reads as follows. Dear friend, the winter has been long, and the post arrives late when it ' +
    'arrives at all. Of the three barrels of apples that you sent in October, two came through the frost without harm; ' +
    'the third we gave to the miller, whose pigs are not particular. My sister has begun to teach the children their ' +
    'letters. She writes each word on a slate with a piece of chalk, and they copy it until the slate is grey and the ' +
    'chalk is gone. The youngest asked her yesterday why a word is spelled in one way and said in another, and she had no ' +
    'answer, so she told him that the letters are older than the sounds, and remember what the tongue has forgotten. I ' +
    'thought that you would like this. The bridge at the lower mill was carried away in the night of the ninth, with ' +
    'nobody on it, thank God; until the carpenters come from town we must go round by the ford, which adds an hour when ' +
    'the water is low and is not to be thought of when it is high. Your questions about the inheritance I shall answer in ' +
    'order. First, the house:',
]
