/** Text from elsewhere, for people to look at. Used in the page as well. */

/** Characters that a terminal obeys, that turn text around, or that nobody sees. */
export const UNSEEN = /[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/;
const ALL_UNSEEN = new RegExp(UNSEEN, 'g');

/** Text of a policy, a token or a file's name as it may stand in a line: one line, one column each, no commands. */
export const visible = (text: string): string => text.replace(/\t/g, ' ').replace(ALL_UNSEEN, '\ufffd');
