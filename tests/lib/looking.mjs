// What an experiment on shares must have shown, computed anew: by the formulas of Waudby-Smith, Arbour, Sinha, Kennedy and
// Ramdas (Annals of Statistics 2024) and shares smoothed by one more of each kind.

/** The difference of b to a with its 95 % bounds; arms are { people, hits }. min_people tunes where they are tightest.
 *  Null while there is too little to begin with. */
export function bounds(a, b, min_people) {
    const people = a.people + b.people;
    if (people < 100 || a.people < 20 || b.people < 20) {
        return null;
    }
    const alpha = 0.05;
    const rho2 = (-2 * Math.log(alpha) + Math.log(-2 * Math.log(alpha) + 1)) / min_people;
    const variance = ({ people: n, hits }) => {
        const share = (hits + 1) / (n + 2);
        return (share * (1 - share)) / n;
    };
    const spread = people * rho2;
    const half = Math.sqrt(variance(a) + variance(b))
        * Math.sqrt((2 * (spread + 1)) / spread * Math.log(Math.sqrt(spread + 1) / alpha));
    const difference = b.hits / b.people - a.hits / a.people;
    return { difference, low: difference - half, high: difference + half };
}
