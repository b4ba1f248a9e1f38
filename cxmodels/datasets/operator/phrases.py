"""What do customers write? Sentences in four languages, by what they are about.

A text is one sentence on the customer's real cause and, more often than not, one that ends it.
"""

from __future__ import annotations

ABOUT: dict[str, dict[str, tuple[str, ...]]] = {
    "nb": {
        "outage": (
            "Nettet har vært nede flere ganger den siste tiden.",
            "Vi mistet dekningen midt i arbeidsdagen igjen.",
            "Bredbåndet faller ut når vi trenger det som mest.",
            "Ingen sa fra om at linjen kom til å være borte hele kvelden.",
        ),
        "billing_error": (
            "Regningen stemte ikke, og jeg måtte selv oppdage feilen.",
            "Dere har trukket meg for noe jeg aldri har bestilt.",
            "Beløpet på fakturaen var mye høyere enn avtalt.",
            "Feil på fakturaen for andre gang, det er ikke greit.",
        ),
        "late_delivery": (
            "Ruteren kom flere dager etter det som var lovet.",
            "Jeg ventet hjemme på en levering som aldri kom.",
            "SIM-kortet ble sendt altfor sent.",
            "Dere holdt ikke leveringsdatoen.",
        ),
        "self_service_failure": (
            "Min side fungerer ikke, jeg kommer ikke gjennom bestillingen.",
            "Appen gir bare feilmelding når jeg prøver å endre abonnement.",
            "Jeg prøvde å ordne det selv på nett, men det gikk ikke.",
            "Innloggingen stopper hver gang.",
        ),
        "wait": (
            "Jeg satt i telefonkø i en evighet.",
            "Ventetiden hos kundeservice er altfor lang.",
            "Måtte vente lenge før noen svarte.",
            "Det tok en halv dag før jeg fikk snakke med noen.",
        ),
        "unresolved": (
            "Jeg har ringt flere ganger, og problemet er fortsatt ikke løst.",
            "Saken ble sendt videre uten at noe skjedde.",
            "Fikk ikke hjelp med det jeg spurte om.",
            "Ingen tar ansvar, jeg må forklare alt på nytt hver gang.",
        ),
        "price": (
            "Det har blitt for dyrt i forhold til andre.",
            "Prisen går opp hvert år uten at jeg får mer.",
            "Naboen betaler mindre for det samme.",
            "Jeg vurderer noe billigere.",
        ),
        "praise": (
            "Alt fungerer som det skal.",
            "God hjelp og hyggelige folk.",
            "Stabilt nett og ingen overraskelser.",
            "Fikk raskt svar, tusen takk.",
        ),
        "neutral": (
            "Helt greit.",
            "Verken bra eller dårlig.",
            "Det gjør jobben, ikke noe mer.",
            "Har ikke så mye å si.",
        ),
        "leaving": (
            "Jeg har sagt opp og går til en annen leverandør.",
            "Oppsigelsen er sendt, takk for nå.",
            "Nå er det slutt, jeg bytter.",
            "Dere gjorde det enkelt å bestemme seg for å slutte.",
        ),
    },
    "da": {
        "outage": (
            "Nettet har været nede flere gange på det seneste.",
            "Vi mistede forbindelsen midt i arbejdsdagen igen.",
            "Bredbåndet ryger, lige når vi har mest brug for det.",
            "Ingen gav besked om, at linjen ville være væk hele aftenen.",
        ),
        "billing_error": (
            "Regningen passede ikke, og jeg måtte selv finde fejlen.",
            "I har trukket mig for noget, jeg aldrig har bestilt.",
            "Beløbet på fakturaen var meget højere end aftalt.",
            "Fejl på regningen for anden gang, det er ikke i orden.",
        ),
        "late_delivery": (
            "Routeren kom flere dage senere end lovet.",
            "Jeg ventede hjemme på en levering, der aldrig kom.",
            "SIM-kortet blev sendt alt for sent.",
            "I holdt ikke leveringsdatoen.",
        ),
        "self_service_failure": (
            "Selvbetjeningen virker ikke, jeg kan ikke gøre bestillingen færdig.",
            "Appen giver kun fejl, når jeg vil ændre mit abonnement.",
            "Jeg prøvede selv at klare det på nettet, men det gik ikke.",
            "Login går i stå hver gang.",
        ),
        "wait": (
            "Jeg hang i telefonkøen i en evighed.",
            "Ventetiden hos kundeservice er alt for lang.",
            "Måtte vente længe, før nogen svarede.",
            "Det tog en halv dag, før jeg fik fat i nogen.",
        ),
        "unresolved": (
            "Jeg har ringet flere gange, og problemet er stadig ikke løst.",
            "Sagen blev sendt videre, uden at der skete noget.",
            "Fik ikke hjælp til det, jeg spurgte om.",
            "Ingen tager ansvar, jeg skal forklare alting forfra hver gang.",
        ),
        "price": (
            "Det er blevet for dyrt i forhold til de andre.",
            "Prisen stiger hvert år, uden at jeg får mere.",
            "Naboen betaler mindre for det samme.",
            "Jeg overvejer noget billigere.",
        ),
        "praise": (
            "Alt virker, som det skal.",
            "God hjælp og søde mennesker.",
            "Stabilt net og ingen overraskelser.",
            "Fik hurtigt svar, mange tak.",
        ),
        "neutral": (
            "Helt fint.",
            "Hverken godt eller skidt.",
            "Det gør, hvad det skal, ikke mere.",
            "Har ikke så meget at sige.",
        ),
        "leaving": (
            "Jeg har opsagt og går til et andet selskab.",
            "Opsigelsen er sendt, tak for denne gang.",
            "Nu er det slut, jeg skifter.",
            "I gjorde det nemt at beslutte sig for at stoppe.",
        ),
    },
    "sv": {
        "outage": (
            "Nätet har legat nere flera gånger på sistone.",
            "Vi tappade uppkopplingen mitt under arbetsdagen igen.",
            "Bredbandet försvinner när vi behöver det som mest.",
            "Ingen sa till att linjen skulle vara borta hela kvällen.",
        ),
        "billing_error": (
            "Fakturan stämde inte, och jag fick själv upptäcka felet.",
            "Ni har dragit pengar för något jag aldrig har beställt.",
            "Beloppet på räkningen var mycket högre än avtalat.",
            "Fel på fakturan för andra gången, det är inte okej.",
        ),
        "late_delivery": (
            "Routern kom flera dagar senare än utlovat.",
            "Jag väntade hemma på en leverans som aldrig kom.",
            "SIM-kortet skickades alldeles för sent.",
            "Ni höll inte leveransdatumet.",
        ),
        "self_service_failure": (
            "Mina sidor fungerar inte, jag kommer inte igenom beställningen.",
            "Appen visar bara fel när jag försöker ändra mitt abonnemang.",
            "Jag försökte ordna det själv på nätet, men det gick inte.",
            "Inloggningen stannar varje gång.",
        ),
        "wait": (
            "Jag satt i telefonkö i en evighet.",
            "Väntetiden hos kundtjänst är alldeles för lång.",
            "Fick vänta länge innan någon svarade.",
            "Det tog en halv dag innan jag fick prata med någon.",
        ),
        "unresolved": (
            "Jag har ringt flera gånger och problemet är fortfarande inte löst.",
            "Ärendet skickades vidare utan att något hände.",
            "Fick ingen hjälp med det jag frågade om.",
            "Ingen tar ansvar, jag måste förklara allt från början varje gång.",
        ),
        "price": (
            "Det har blivit för dyrt jämfört med andra.",
            "Priset höjs varje år utan att jag får mer.",
            "Grannen betalar mindre för samma sak.",
            "Jag funderar på något billigare.",
        ),
        "praise": (
            "Allt fungerar som det ska.",
            "Bra hjälp och trevliga människor.",
            "Stabilt nät och inga överraskningar.",
            "Fick snabbt svar, stort tack.",
        ),
        "neutral": (
            "Helt okej.",
            "Varken bra eller dåligt.",
            "Det gör sitt jobb, inget mer.",
            "Har inte så mycket att säga.",
        ),
        "leaving": (
            "Jag har sagt upp avtalet och går till en annan leverantör.",
            "Uppsägningen är skickad, tack för den här tiden.",
            "Nu är det slut, jag byter.",
            "Ni gjorde det lätt att bestämma sig för att sluta.",
        ),
    },
    "en": {
        "outage": (
            "The connection has been down several times lately.",
            "We lost coverage in the middle of the working day again.",
            "Broadband drops exactly when we need it most.",
            "Nobody told us that the line would be gone all evening.",
        ),
        "billing_error": (
            "The bill was wrong, and I had to find the mistake myself.",
            "You charged me for something that I never ordered.",
            "The amount on the invoice was far higher than agreed.",
            "An error on the bill for the second time, that is not acceptable.",
        ),
        "late_delivery": (
            "The router came days after it was promised.",
            "I stayed at home for a delivery that never came.",
            "The SIM card was sent far too late.",
            "You did not keep the delivery date.",
        ),
        "self_service_failure": (
            "My pages do not work, I cannot finish the order.",
            "The app only shows an error when I try to change my plan.",
            "I tried to do it myself online, but it failed.",
            "Logging in gets stuck every time.",
        ),
        "wait": (
            "I was on hold forever.",
            "Waiting for customer service takes far too long.",
            "Had to wait long before anybody answered.",
            "It took half a day to get to talk to someone.",
        ),
        "unresolved": (
            "I called several times and the problem is still not solved.",
            "The case was passed on and nothing happened.",
            "Got no help with what I asked.",
            "Nobody takes responsibility, I explain everything again each time.",
        ),
        "price": (
            "It has become too expensive compared with others.",
            "The price goes up every year and I get nothing more.",
            "My neighbour pays less for the same.",
            "I am looking at something cheaper.",
        ),
        "praise": (
            "Everything works as it should.",
            "Good help and friendly people.",
            "A stable network and no surprises.",
            "Got a quick answer, many thanks.",
        ),
        "neutral": (
            "It is fine.",
            "Neither good nor bad.",
            "It does the job, nothing more.",
            "Not much to say.",
        ),
        "leaving": (
            "I have cancelled and go to another provider.",
            "The cancellation is sent, goodbye.",
            "That is it, I am switching.",
            "You made it easy to decide to leave.",
        ),
    },
}
"""Language → topic → sentences."""

ENDINGS: dict[str, dict[str, tuple[str, ...]]] = {
    "nb": {
        "bad": ("Dette må bli bedre.", "Skuffende.", "Jeg forventer mer av dere."),
        "good": ("Fortsett slik!", "Fornøyd kunde.", "Anbefales."),
    },
    "da": {
        "bad": ("Det skal blive bedre.", "Skuffende.", "Jeg forventer mere af jer."),
        "good": ("Bliv ved med det!", "Glad kunde.", "Kan anbefales."),
    },
    "sv": {
        "bad": ("Det här måste bli bättre.", "En besvikelse.", "Jag väntar mig mer av er."),
        "good": ("Fortsätt så!", "Nöjd kund.", "Rekommenderas."),
    },
    "en": {
        "bad": ("This has to get better.", "Disappointing.", "I expect more of you."),
        "good": ("Keep it up!", "A happy customer.", "Recommended."),
    },
}
"""Language → tone → sentences that end a text."""
