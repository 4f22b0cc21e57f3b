/** Numbers things, the same thing always alike. */
export function createIdentities() {
  const numbers = new Map<object, number>();
  return (thing: object): number => {
    const number = numbers.get(thing) ?? numbers.size;
    numbers.set(thing, number);
    return number;
  };
}
