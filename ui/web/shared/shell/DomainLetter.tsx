/** The letter of a domain, in its colour. A text beside it says which domain it is. */
export function DomainLetter({ letter, small = false }: { letter: string; small?: boolean }) {
  const colour = ["A", "B", "C"].includes(letter) ? letter.toLowerCase() : "";
  return (
    <span className={`domain ${colour} ${small ? "small" : ""}`} aria-hidden="true">
      {letter}
    </span>
  );
}
