/** The first line of a parser's message; the others show lines of the document. */
export const firstLine = (error: unknown): string => {
  const { message = '' } = (error ?? {}) as { message?: string };
  return message.split('\n')[0]?.replace(/[:,]$/, '') ?? '';
};
