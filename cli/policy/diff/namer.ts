/** Numbers things, the same thing always alike. */
export function namer() {
  const names = new Map<object, number>();
  return (thing: object): number => {
    let name = names.get(thing);
    if (name === undefined) {
      name = names.size;
      names.set(thing, name);
    }
    return name;
  };
}
