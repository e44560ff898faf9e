/** The words in common passwords, once leading and trailing digits and punctuation are removed. */
export const COMMON_WORDS: ReadonlySet<string> = new Set(
  `aaaaaa abcabc access account action admin administrator adobe alexander alexis amanda america andrea
  andrew angel angela anthony apple arsenal asdasd asdf asdfasdf asdfgh asdfghjk asdfghjkl ashley august
  austin azerty babygirl bailey banana barcelona baseball basketball batman beautiful bismillah blink
  buster butterfly changeit changeme charlie cheese chelsea chicken chocolate christian cocacola computer
  cookie corvette cowboy dallas daniel dakota default demo diamond dolphin dragon dubsmash eagle edward
  elephant eminem everton ferrari flower fluffy football forever formula freedom friend friends fuckyou
  gandalf ginger google guest guitar hallo hammer hannah harley hello helloworld hockey hunter iloveu
  iloveyou internet jackson jasmine jennifer jessica jesus jordan joseph joshua justin killer kitten
  klaster letmein letmeinn liverpool login london lovely loveme lovers madison maggie manager master
  matrix matthew maverick mercedes merlin metallica michael michelle midnight million monkey monster
  morgan mustang myspace naruto nicole ninja nothing orange pa55word pa55w0rd pass passcode passw0rd
  passpass password passwort peanut pepper phoenix player please pokemon porsche prince princess private
  purple qazwsx qazwsxedc qqww qwaszx qwer qwerqwer qwert qwertz qwertzui qwerty qwertyu qwertyui
  qwertyuiop raider rainbow ranger robert rockyou root samantha samsung secret service shadow silver
  snoopy soccer sophie spiderman spring sparky starwars steelers summer sunshine superman superuser
  support sweety system taylor tennis test tester testing testtest thomas thunder tigger tinkerbell
  tollgate trustno unknown user username victoria welcome whatever william winner winter xbox yankees
  yellow zaq zaqxsw zxcv zxcvbn zxcvbnm`.split(/\s+/),
)
