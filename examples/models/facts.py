"""The little world that the models `words` and `writer` know."""
CAPITALS = dict(France="Paris", Italy="Rome", Spain="Madrid", Norway="Oslo", Austria="Vienna", Poland="Warsaw", Greece="Athens", Japan="Tokyo",
                Egypt="Cairo", Peru="Lima", Cuba="Havana", Ireland="Dublin")
FOODS = dict(cow="grass", cat="fish", dog="meat", mouse="cheese", rabbit="carrots", panda="bamboo", monkey="bananas", bird="seeds", bear="honey",
             horse="hay")
SOUNDS = dict(cow="moos", cat="mews", dog="barks", mouse="squeaks", bird="sings", bear="growls", horse="neighs", lion="roars", bee="hums",
              sheep="bleats")
COLOURS = dict(sky="blue", grass="green", snow="white", blood="red", coal="black", butter="yellow")
OPPOSITES = dict(hot="cold", big="small", old="new", early="late", dry="wet", open="shut", rich="poor", loud="quiet")
